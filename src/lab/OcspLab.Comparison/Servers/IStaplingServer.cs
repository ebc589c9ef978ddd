using OcspLab.Comparison.Planning;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.Comparison.Servers;

/// <summary>A web server that staples, ready to be run afresh for each experiment.</summary>
internal interface IStaplingServer
{
    /// <summary>One word, as <c>--servers</c> takes it.</summary>
    string Name { get; }

    /// <summary>Whether it takes part only where <c>--servers</c> names it.</summary>
    bool IsOnlyByName => false;

    /// <summary>Why it cannot be run here, or null.</summary>
    string? Missing { get; }

    /// <summary>How it is set up for stapling, in a line for the report.</summary>
    string Setting { get; }

    /// <summary>The shortest life of an answer that it takes at all.</summary>
    TimeSpan ShortestValidity => TimeSpan.Zero;

    /// <summary>An interval of it that follows no answer's life, or null.</summary>
    /// <param name="version">What it says of its version.</param>
    FixedInterval? IntervalOf(string version) => null;

    /// <summary>What it says of its version.</summary>
    Task<string> ReadVersionAsync(CancellationToken cancellationToken);

    /// <summary>Writes its configuration into the place.</summary>
    /// <returns>The command line that serves in the foreground.</returns>
    Task<IReadOnlyList<string>> PrepareAsync(ServerPlace place, CancellationToken cancellationToken);
}

/// <summary>
/// Where a server runs: a folder, a port and a certificate of its own, so that the responder's journal tells it from
/// others.
/// </summary>
/// <param name="Folder">Its folder; nothing else is in it.</param>
/// <param name="Port">On 127.0.0.1.</param>
/// <param name="Issued">Its certificate.</param>
/// <param name="Topology">The lab around it: authority, name server, responder.</param>
/// <param name="Hosts">How it can be shown the responder's name.</param>
internal sealed record ServerPlace(
    string Folder,
    int Port,
    IssuedCertificate Issued,
    LabTopology Topology,
    HostsView Hosts
)
{
    /// <summary>
    /// Whether the server is to staple at all; what a staple costs is seen against one that does not.
    /// </summary>
    public ServerStapling Stapling { get; init; } = ServerStapling.On;

    /// <summary>The certificate's files.</summary>
    public CertificateFiles Certificate => Issued.Files;

    /// <summary>The same command with an /etc/hosts that knows the responder, where that can be.</summary>
    public IReadOnlyList<string> WithHosts(IEnumerable<string> command)
    {
        var file = Path.Combine(Folder, "hosts");
        File.WriteAllText(file, $"127.0.0.1 localhost {LabTopology.SiteHost} {LabTopology.ResponderHost}\n");
        return Hosts.Wrap(file, command);
    }

    /// <summary>
    /// The key without its password, for servers that would ask a person for it; for the owner alone.
    /// </summary>
    public async Task<string> WriteOpenKeyAsync(CancellationToken cancellationToken)
    {
        using var certificate = StoredCertificate.Load(Certificate);
        using var key = (System.Security.Cryptography.AsymmetricAlgorithm?)
            System.Security.Cryptography.X509Certificates.RSACertificateExtensions.GetRSAPrivateKey(certificate)
            ?? System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(
                certificate
            )!;
        var path = Path.Combine(Folder, "server.key");
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(path, options);
        await using (file.ConfigureAwait(false))
            await file.WriteAsync(
                    System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"),
                    cancellationToken
                )
                .ConfigureAwait(false);
        return path;
    }
}

/// <summary>Whether a server is set up to staple.</summary>
public enum ServerStapling
{
    /// <summary>It is.</summary>
    On,

    /// <summary>It is not.</summary>
    Off,
}
