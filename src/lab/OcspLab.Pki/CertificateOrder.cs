namespace OcspLab.Pki;

/// <summary>What an end certificate shall be.</summary>
/// <param name="Name">The lab's name for it.</param>
public sealed record CertificateOrder(string Name)
{
    /// <summary>
    /// What it is for, or null for what it was for, or, where there are <see cref="HostNames"/>, a site.
    /// </summary>
    public CertificateKind? Kind { get; init; }

    /// <summary>
    /// The DNS names and IP addresses of a site, or none for those that it had, or else the article's. The first is the
    /// subject's common name.
    /// </summary>
    public IReadOnlyList<string> HostNames { get; init; } = [];
}
