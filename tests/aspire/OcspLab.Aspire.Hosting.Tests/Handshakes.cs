using System.Security.Cryptography.X509Certificates;
using OcspLab.Probe;

namespace OcspLab.Aspire.Hosting.Tests;

/// <summary>What a client sees.</summary>
internal static class Handshakes
{
    /// <summary>The verdict on a server's staple, from a client that trusts one root.</summary>
    public static async Task<StapleReport> ShakeAsync(int port, string host, string root)
    {
        var handshake = await new TlsProbe(TimeProvider.System).ConnectAsync(
            "127.0.0.1",
            port,
            host,
            TlsVersion.Any,
            TimeSpan.FromSeconds(5),
            TestContext.Current.CancellationToken
        );
        using var trusted = X509CertificateLoader.LoadCertificateFromFile(root);
        return StapleInspector.Inspect(handshake, [trusted], TimeProvider.System.GetUtcNow());
    }

    /// <summary>Waits for a verdict.</summary>
    public static async Task ExpectAsync(int port, string host, string root, StapleVerdictKind verdict) =>
        await Testing.Poll.UntilAsync(
            async () =>
            {
                try
                {
                    return (await ShakeAsync(port, host, root)).Staple.Verdict == verdict;
                }
                catch (ProbeException)
                {
                    return false;
                }
            },
            $"{host} on {port}: {verdict}",
            60
        );
}
