using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Requests;
using OcspLab.Probe;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>Real Kestrel, real handshakes, a real responder that says what the test tells it to.</summary>
public abstract class SiteBench : IAsyncLifetime
{
    internal TestAuthority Authority { get; } = new();
    internal FakeLogCollector Log { get; } = new();
    internal MovableTime Clock { get; } = new(TestAuthority.Now);
    internal TempFolder Folder { get; } = new();
    internal ScriptedServer Responder { get; private set; } = null!;
    internal X509Certificate2 Certificate { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Kestrel takes no staples from outside on this system");
        Responder = await ScriptedServer.StartAsync();
        Certificate = Authority.Server(Responder.Url);
        Responder.Script = ScriptedServer.Send(() => Authority.Respond(Certificate));
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Responder is not null)
            await Responder.DisposeAsync();
        Folder.Dispose();
    }

    internal async Task<WebApplication> StartAsync(
        Action<WebApplicationBuilder>? configure = null,
        bool useDefault = true,
        Action<WebApplication>? pipeline = null
    )
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = Folder.Path });
        builder.Logging.ClearProviders().AddProvider(new FakeLoggerProvider(Log)).SetMinimumLevel(LogLevel.Debug);
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Configuration["OcspStapling:StorageDirectory"] = Folder["staples"];
        (configure ?? (b => b.WebHost.UseOcspStapling()))(builder);
        if (useDefault)
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhostTls(https => Use(https, Certificate)));
        var app = builder.Build();
        pipeline?.Invoke(app);
        try
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stapling that waits for nobody long, and keeps nothing for the next start.</summary>
    internal static void Quick(WebApplicationBuilder builder)
    {
        builder.WebHost.UseOcspStapling(options =>
        {
            options.StartupTimeout = TimeSpan.FromSeconds(6);
            options.Storage = StapleStorage.None;
        });
        builder.Services.Configure<OcspClientOptions>(fetch =>
        {
            fetch.Timeout = TimeSpan.FromSeconds(5);
            fetch.AttemptTimeout = TimeSpan.FromSeconds(2);
            fetch.Retries = 0;
        });
    }

    /// <summary>The issuer's certificate in a file of the settings.</summary>
    internal void InstallIssuer(WebApplicationBuilder builder)
    {
        File.WriteAllText(Folder["issuer.pem"], Authority.Certificate.ExportCertificatePem());
        builder.Configuration["OcspStapling:Issuers:0"] = Folder["issuer.pem"];
    }

    internal void Use(HttpsConnectionAdapterOptions https, X509Certificate2 certificate)
    {
        https.ServerCertificate = certificate;
        https.ServerCertificateChain = [Authority.Certificate];
    }

    internal async Task<StapleVerdictKind> StapleAsync(
        WebApplication app,
        TlsVersion version = TlsVersion.Any,
        string serverName = "server",
        DateTimeOffset? now = null
    )
    {
        var handshake = await new TlsProbe(TimeProvider.System).ConnectAsync(
            "127.0.0.1",
            PortOf(app),
            serverName,
            version,
            TimeSpan.FromSeconds(10),
            TestContext.Current.CancellationToken
        );
        return StapleInspector.Inspect(handshake, [Authority.Certificate], now ?? TestAuthority.Now).Staple.Verdict;
    }

    /// <summary>The certificate that a handshake shows, and what is stapled to it.</summary>
    internal async Task<(string Serial, StapleVerdictKind Verdict)> LookAsync(int port)
    {
        var handshake = await new TlsProbe(TimeProvider.System).ConnectAsync(
            "127.0.0.1",
            port,
            "server",
            TlsVersion.Any,
            TimeSpan.FromSeconds(10),
            TestContext.Current.CancellationToken
        );
        return (
            handshake.Certificates[0].SerialNumber,
            StapleInspector.Inspect(handshake, [Authority.Certificate], TestAuthority.Now).Staple.Verdict
        );
    }

    /// <summary>Whether a request at the responder, by GET, is about a certificate.</summary>
    internal static bool IsAbout(HttpContext context, X509Certificate2 certificate)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget[1..];
        var bytes = Convert.FromBase64String(Uri.UnescapeDataString(target));
        Assert.True(OcspRequest.TryDecode(bytes, out var request, out var fault), fault?.Detail);
        return request.CertIds.Single().SerialNumber.Span.SequenceEqual(certificate.SerialNumberBytes.Span);
    }

    internal static int PortOf(WebApplication app) => new Uri(app.Urls.First()).Port;
}
