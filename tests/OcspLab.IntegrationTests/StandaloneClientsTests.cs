using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>
/// Other people's command-line clients ask <c>ocsplab responder</c> over an index.txt: good is good to all of them, and
/// revoked revoked.
/// </summary>
public sealed class StandaloneClientsTests(StandaloneClientsTests.Fixture responder)
    : IClassFixture<StandaloneClientsTests.Fixture>
{
    [Fact]
    public async Task Botan()
    {
        await RunAsync("good", "OCSP check OK", "botan", "ocsp_check", "good.pem", "ca.pem");
        await RunAsync("revoked", "Certificate is revoked", "botan", "ocsp_check", "bad.pem", "ca.pem");
    }

    [Fact]
    public async Task Nss()
    {
        Directory.CreateDirectory(responder.Authority.Folder["nss"]);
        await RunAsync(null, "", "certutil", "-N", "-d", "nss", "--empty-password");
        await RunAsync(null, "", "certutil", "-A", "-d", "nss", "-n", "CA", "-t", "CT,C,C", "-i", "ca.pem");
        foreach (
            var (name, status, said) in ((string, string, string)[])
                [("good", "good", "succeeded"), ("bad", "revoked", "Certificate has been revoked")]
        )
        {
            await RunAsync(null, "", "certutil", "-A", "-d", "nss", "-n", name, "-t", ",,", "-i", $"{name}.pem");
            await RunAsync(status, said, "ocspclnt", "-d", "nss", "-S", name, "-l", responder.Url, "-t", "CA");
        }
    }

    [Fact]
    public async Task WolfSsl()
    {
        Assert.SkipUnless(File.Exists("/usr/include/wolfssl/ssl.h"), "libwolfssl-dev is not installed");
        var source = Path.Combine(AppContext.BaseDirectory, "Clients", "wolfssl_ocsp_check.c");
        await RunAsync(null, "", "gcc", "-o", "wolfssl_ocsp_check", source, "-lwolfssl");
        var client = responder.Authority.Folder["wolfssl_ocsp_check"];
        foreach (
            var (name, status, said) in ((string, string, string)[])
                [("good", "good", "good"), ("bad", "revoked", "OCSP Cert revoked")]
        )
        {
            await responder.Authority.OpenSslAsync($"x509 -in {name}.pem -outform der -out {name}.der");
            await RunAsync(status, said, client, responder.Url, "ca.pem", $"{name}.der");
        }
    }

    [Fact]
    public async Task Gnutls()
    {
        foreach (
            var (name, status, said) in ((string, string, string)[])
                [("good", "good", "Certificate Status: good"), ("bad", "revoked", "Certificate Status: revoked")]
        )
            await RunAsync(
                status,
                said,
                "ocsptool",
                $"--ask={responder.Url}",
                "--load-issuer",
                "ca.pem",
                "--load-cert",
                $"{name}.pem",
                "--load-trust",
                "ca.pem"
            );
    }

    [Fact]
    public async Task Java()
    {
        Tool.Require("javac");
        foreach (
            var (name, status, said) in ((string, string, string)[])
                [("good", "good", "good"), ("bad", "revoked", "REVOKED")]
        )
            await RunAsync(
                status,
                said,
                "java",
                Path.Combine(AppContext.BaseDirectory, "Clients", "OcspCheck.java"),
                responder.Url,
                "ca.pem",
                $"{name}.pem"
            );
    }

    /// <summary>Runs a client in the authority's folder.</summary>
    /// <param name="asked">What the responder must have answered, or null where it is not asked.</param>
    /// <param name="said">What the client must say.</param>
    /// <param name="program">The client.</param>
    /// <param name="arguments">Its arguments.</param>
    private async Task RunAsync(string? asked, string said, string program, params string[] arguments)
    {
        var before = responder.Program.Output.Length;
        var result = await Tool.RunInAsync(responder.Authority.Folder.Path, program, arguments);
        Assert.Contains(said, result.Output + result.Error, StringComparison.Ordinal);
        if (asked is not null)
            await Poll.UntilAsync(
                () => responder.Program.Output[before..].Contains($" {asked}\n", StringComparison.Ordinal),
                $"the responder's line about {program}"
            );
    }

    public sealed class Fixture : IAsyncLifetime
    {
        private readonly int _port = Programs.FreePorts().Ports.Responder;

        public string Url => $"http://127.0.0.1:{_port}/";

        internal OpenSslAuthority Authority => field ??= new OpenSslAuthority(Url);

        internal RunningProgram Program { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await Authority.CreateAsync();
            await Authority.RevokeAsync("bad", "keyCompromise");
            Program = await Authority.RespondAsync(_port, "--index", "index.txt");
        }

        public async ValueTask DisposeAsync()
        {
            Program.Interrupt();
            await Program.DisposeAsync();
            Authority.Dispose();
        }
    }
}
