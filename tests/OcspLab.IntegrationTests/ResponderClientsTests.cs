using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OcspLab.Lab.Browsers;
using OcspLab.Comparison.Servers;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Pki;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Telemetry;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>Other people's OCSP clients ask the responder: good is good to all of them, and revoked revoked.</summary>
public sealed class ResponderClientsTests(LabFixture lab) : IClassFixture<LabFixture>
{
    private string ResponderUrl => $"http://127.0.0.1:{lab.Ports.Responder}/";

    private string RootFile => Path.Combine(lab.PkiFolder, "root_ca/CA/rsa_ca.crt");

    private string IssuerFile => Path.Combine(lab.PkiFolder, "intermediate_ca/CA/rsa_ca.crt");

    [Theory]
    [InlineData("sha1")]
    [InlineData("sha256")]
    [InlineData("sha384")]
    [InlineData("sha512")]
    public Task Openssl(string hash) =>
        AskedAsync(
            "openssl",
            async certificate =>
            {
                var result = await Tool.RunInAsync(
                    lab.PkiFolder,
                    "openssl",
                    "ocsp",
                    $"-{hash}",
                    "-issuer",
                    IssuerFile,
                    "-cert",
                    certificate,
                    "-url",
                    ResponderUrl,
                    "-CAfile",
                    "ca-chain.pem"
                );
                Assert.Contains("Response verify OK", result.Error, StringComparison.Ordinal);
                return result.Output.Contains(": good", StringComparison.Ordinal) ? "good"
                    : result.Output.Contains(": revoked", StringComparison.Ordinal) ? "revoked"
                    : result.Output;
            }
        );

    [Fact]
    public Task Gnutls() =>
        AskedAsync(
            "ocsptool",
            async certificate =>
            {
                var result = await Tool.RunInAsync(
                    lab.PkiFolder,
                    "ocsptool",
                    $"--ask={ResponderUrl}",
                    "--load-issuer",
                    IssuerFile,
                    "--load-cert",
                    certificate,
                    "--load-trust",
                    "ca-chain.pem"
                );
                Assert.Contains("Verifying OCSP Response: Success", result.Output, StringComparison.Ordinal);
                return result.Output.Contains("Certificate Status: good", StringComparison.Ordinal) ? "good"
                    : result.Output.Contains("Certificate Status: revoked", StringComparison.Ordinal) ? "revoked"
                    : result.Output;
            }
        );

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public Task Curl(string method) =>
        AskedAsync(
            $"curl-{method}",
            async certificate =>
            {
                using var folder = new TempFolder();
                await Tool.RunAsync(
                    "openssl",
                    "ocsp",
                    "-issuer",
                    IssuerFile,
                    "-cert",
                    certificate,
                    "-no_nonce",
                    "-reqout",
                    folder["request.der"]
                );
                await (
                    method == "GET"
                        ? Tool.RunAsync(
                            "curl",
                            "-sSf",
                            "-o",
                            folder["response.der"],
                            ResponderUrl
                                + Uri.EscapeDataString(
                                    Convert.ToBase64String(
                                        await File.ReadAllBytesAsync(
                                            folder["request.der"],
                                            TestContext.Current.CancellationToken
                                        )
                                    )
                                )
                        )
                        : Tool.RunAsync(
                            "curl",
                            "-sSf",
                            "-o",
                            folder["response.der"],
                            "-H",
                            "Content-Type: application/ocsp-request",
                            "--data-binary",
                            $"@{folder["request.der"]}",
                            ResponderUrl
                        )
                );
                var result = await Programs.OcspLabAsync(
                    "verify",
                    "--response",
                    folder["response.der"],
                    "--issuer",
                    IssuerFile,
                    "--cert",
                    certificate
                );
                return result.ExitCode switch
                {
                    0 => "good",
                    1 => "revoked",
                    _ => result.Output + result.Error,
                };
            }
        );

    [Fact]
    public Task Java() =>
        AskedAsync(
            "java",
            async certificate =>
            {
                // The compiler is the launcher's: a runtime alone has none.
                Tool.Require("javac");
                var result = await Tool.RunAsync(
                    "java",
                    Path.Combine(AppContext.BaseDirectory, "Clients", "OcspCheck.java"),
                    ResponderUrl,
                    RootFile,
                    certificate,
                    IssuerFile
                );
                return result.Output.Trim() switch
                {
                    "REVOKED" => "revoked",
                    var said => said + result.Error,
                };
            }
        );

    [Fact]
    public Task DotNet() =>
        AskedAsync(
            "dotnet",
            async certificate =>
            {
                using var home = new TempFolder();
                File.Copy(Path.Combine(AppContext.BaseDirectory, "Clients", "OcspCheck.cs.txt"), home["OcspCheck.cs"]);
                // It remembers answers below HOME. The name in the certificate is the lab's, so the responder is its
                // proxy.
                var packages =
                    Environment.GetEnvironmentVariable("NUGET_PACKAGES")
                    ?? Path.Combine(
                        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
                        ".nuget/packages"
                    );
                var result = await Tool.RunInAsync(
                    home.Path,
                    "env",
                    $"HOME={home.Path}",
                    $"NUGET_PACKAGES={packages}",
                    $"http_proxy=http://127.0.0.1:{lab.Ports.Responder}",
                    "no_proxy=",
                    "DOTNET_NOLOGO=1",
                    "DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1",
                    "dotnet",
                    "run",
                    home["OcspCheck.cs"],
                    "--",
                    RootFile,
                    IssuerFile,
                    certificate
                );
                return result.Output.Trim() switch
                {
                    "Revoked" => "revoked",
                    var said => said + (result.ExitCode == 0 ? "" : result.Error),
                };
            }
        );

    [Fact, Trait("Ring", "long")]
    public async Task Firefox_asks_by_itself()
    {
        await AskedAsync(
            "firefox",
            async certificate =>
            {
                await using var site = await StartUnstapledAsync(Path.GetFileName(Path.GetDirectoryName(certificate)!));
                return await VisitAsync(new Firefox(TimeProvider.System), new Uri(site.Urls.First()).Port) switch
                {
                    null => "good",
                    "SEC_ERROR_REVOKED_CERTIFICATE" => "revoked",
                    var error => error,
                };
            },
            "Firefox"
        );
    }

    [Fact]
    public async Task Chromium_believes_what_is_stapled()
    {
        var chromium = new Chromium(TimeProvider.System);
        Assert.Null(await VisitAsync(chromium, lab.Ports.Kestrel));
        await lab.OcspLabAsync("pki", "revoke", LabTopology.SiteCertificate);
        try
        {
            await Poll.UntilAsync(
                async () => await lab.CurlAsync(lab.Ports.Kestrel) == 91,
                "the site staples the revocation"
            );
            Assert.Equal("ERR_CERT_REVOKED", await VisitAsync(chromium, lab.Ports.Kestrel));
        }
        finally
        {
            await lab.OcspLabAsync("pki", "restore", LabTopology.SiteCertificate);
            await Poll.UntilAsync(
                async () => await lab.CurlAsync(lab.Ports.Kestrel) == 0,
                "the site staples good again"
            );
        }
    }

    [Fact]
    public async Task Apache_staples_it()
    {
        using var folder = new TempFolder();
        var (ports, _) = Programs.FreePorts();
        await lab.OcspLabAsync("pki", "issue", "echo-apache", "--kind", "Site", "--force");
        var server = new ApacheServer();
        Assert.SkipWhen(server.Missing is not null, server.Missing ?? "");
        var place = new ServerPlace(
            folder.Path,
            ports.Nginx,
            Authority.Find("echo-apache")!,
            new LabTopology { Directory = lab.Folder, Ports = lab.Ports },
            HostsView.None
        );
        await using var apache = new RunningProgram([
            .. await server.PrepareAsync(place, TestContext.Current.CancellationToken),
        ]);
        await Poll.UntilAsync(
            async () =>
            {
                Assert.False(apache.HasExited, apache.Output + apache.Error);
                return (
                        await Programs.OcspLabAsync(
                            "inspect",
                            $"127.0.0.1:{ports.Nginx}",
                            "--servername",
                            LabTopology.SiteHost,
                            "--ca",
                            RootFile
                        )
                    ).ExitCode == 0;
            },
            "Apache staples good"
        );
        Assert.Contains("good", await OutcomesAsync("echo-apache"));
    }

    [Fact]
    public async Task Nginx_staples_it()
    {
        lab.RequireNginx();
        await Poll.UntilAsync(async () => await lab.CurlAsync(lab.Ports.Nginx) == 0, "nginx staples good");
    }

    /// <summary>
    /// Has a client judge a certificate of its own, first good and then revoked, and looks the questions up in the
    /// journal.
    /// </summary>
    private async Task AskedAsync(string client, Func<string, Task<string>> judge, string? userAgent = null)
    {
        var name = $"echo-{client.ToLowerInvariant()}";
        await lab.OcspLabAsync("pki", "issue", name, "--kind", "Site", "--force");
        var certificate = CertificateOf(name).Certificate;
        Assert.Equal("good", await judge(certificate));
        await lab.OcspLabAsync("pki", "revoke", name, "--reason", "superseded");
        Assert.Equal("revoked", await judge(certificate));
        Assert.Equal(["good", "revoked"], (await OutcomesAsync(name, userAgent)).Distinct());
    }

    private async Task<IReadOnlyList<string>> OutcomesAsync(string name, string? userAgent = null)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(CertificateOf(name).Certificate);
        using var admin = new ResponderAdminClient(
            new Uri($"http://127.0.0.1:{lab.Ports.ResponderAdmin}"),
            AdminToken.LoadOrCreate(Path.Combine(lab.Folder, "admin-token"))
        );
        return
        [
            .. (await admin.ReadJournalAsync(0, TestContext.Current.CancellationToken))
                .Where(entry =>
                    entry.SerialNumbers.Contains(certificate.SerialNumber.ToLowerInvariant())
                    && (userAgent is null || entry.UserAgent!.Contains(userAgent, StringComparison.Ordinal))
                )
                .Select(entry => entry.Outcome.ToName()),
        ];
    }

    private async Task<string?> VisitAsync(IBrowser browser, int port)
    {
        Assert.SkipWhen(browser.Missing is not null, browser.Missing ?? "");
        return (
            await browser.VisitAsync(
                new Uri($"https://{LabTopology.SiteHost}:{port}/"),
                RootFile,
                TestContext.Current.CancellationToken
            )
        ).Error;
    }

    private LabPki Authority => new(lab.PkiFolder, new PkiOptions(), TimeProvider.System);

    private CertificateFiles CertificateOf(string name) => Authority.FilesOf(name);

    /// <summary>A site that staples nothing.</summary>
    private async Task<WebApplication> StartUnstapledAsync(string name)
    {
        var files = CertificateOf(name);
        var certificate = StoredCertificate.Load(files);
        using var issuer = X509CertificateLoader.LoadCertificateFromFile(IssuerFile);
        var context = System.Net.Security.SslStreamCertificateContext.Create(certificate, [issuer], offline: true);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder
            .WebHost.UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(
                    System.Net.IPAddress.Loopback,
                    0,
                    endpoint =>
                        endpoint.UseHttps(https =>
                        {
                            https.ServerCertificate = certificate;
                            https.OnAuthenticate = (_, options) => options.ServerCertificateContext = context;
                        })
                )
            );
        var site = builder.Build();
        site.Run(http => http.Response.WriteAsync("hello"));
        await site.StartAsync(TestContext.Current.CancellationToken);
        return site;
    }
}
