namespace OcspLab.Lab;

/// <summary>An nginx that can be started.</summary>
/// <param name="Path">The program.</param>
/// <param name="Origin">Where it came from, for people.</param>
public sealed record NginxBinary(string Path, string Origin);
