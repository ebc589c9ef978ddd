namespace OcspLab.Lab.Timelines;

/// <summary>What one client saw.</summary>
/// <param name="At">Since the run's start.</param>
/// <param name="Result">In a word.</param>
/// <param name="Detail">The reason, where there is one.</param>
/// <param name="Until">The staple's nextUpdate, since the run's start, where it verified.</param>
public sealed record Observation(TimeSpan At, HandshakeResult Result, string? Detail = null, TimeSpan? Until = null)
{
    /// <summary>Whether there was a handshake at all.</summary>
    public bool IsHandshake => Result != HandshakeResult.Refused;
}
