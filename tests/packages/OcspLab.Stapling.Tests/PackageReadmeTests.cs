using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Probe;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>The code of the package's README: compiled here, and run.</summary>
public sealed class PackageReadmeTests
{
    private static readonly TestAuthority Authority = new();

    [Fact]
    public void Its_code_is_what_is_compiled_here() =>
        ReadmeCode.AssertIsIn("PackageReadmeTests.cs.txt", blocks: 3, WithFiles);

    [Fact, Trait("Rule", "S2")]
    public async Task A_server_over_bare_streams_staples_from_its_first_handshake_on()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SslStream takes no staples from outside on this system");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var folder = new TempFolder();
        await using var responder = await ScriptedServer.StartAsync();
        var now = DateTimeOffset.UtcNow;
        using var authority = new X509Certificate2(Authority.Certificate);
        using var certificate = Authority.Server(responder.Url, notBefore: now.AddDays(-1), notAfter: now.AddDays(1));
        responder.Script = ScriptedServer.Send(() => Authority.Respond(certificate, thisUpdate: now.AddMinutes(-1)));
        await File.WriteAllTextAsync(
            folder["fullchain.pem"],
            certificate.ExportCertificatePem() + "\n" + authority.ExportCertificatePem(),
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            folder["private.key"],
            certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(),
            TestContext.Current.CancellationToken
        );
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        // The README's server keeps its staples where the system says, which here is the test's own folder.
        Environment.SetEnvironmentVariable("STATE_DIRECTORY", folder.Path);
        var serving = RunAsync(folder, listener, ending.Token);
        await Poll.UntilAsync(() => listener.Server.IsBound, "the port is open");
        var handshake = await new TlsProbe(TimeProvider.System).ConnectAsync(
            "127.0.0.1",
            ((IPEndPoint)listener.LocalEndpoint).Port,
            "server",
            TlsVersion.Any,
            TimeSpan.FromSeconds(10),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(StapleVerdictKind.Good, StapleInspector.Inspect(handshake, [authority], now).Staple.Verdict);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
        Environment.SetEnvironmentVariable("STATE_DIRECTORY", null);
    }

    [Fact]
    public async Task A_handler_is_set_where_the_options_are()
    {
        var acme = new Acme();
        await using var provider = Register(acme);
        var options = provider.GetRequiredService<IOptions<StaplingOptions>>().Value;
        Assert.Equal("/var/lib/postbox/staples", options.StorageDirectory);
        using var certificate = Authority.Server();
        var stapler = provider.GetRequiredService<IOcspStapler>();
        var status = await stapler.PrepareAsync(certificate, null, TestContext.Current.CancellationToken);
        await options.Events.OnRevoked(new StaplingEvent { Status = status, Services = provider });
        Assert.Equal(["server"], acme.Renewed);
    }

    private static async Task RunAsync(TempFolder folder, TcpListener listener, CancellationToken cancellationToken)
    {
        var (certificateFile, keyFile) = (folder["fullchain.pem"], folder["private.key"]);
        using var certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificateFile);

        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddConsole());
        services.AddOcspStapling();
        await using var provider = services.BuildServiceProvider();
        var stapler = provider.GetRequiredService<IOcspStapler>();

        // Before the port opens, so that the very first handshake is stapled. It waits for ten seconds at most.
        var status = await stapler.PrepareAsync(certificate, chain, cancellationToken);
        Console.WriteLine($"{status.Certificate}: {status.Staple?.Status.Kind}");

        // Offline: the runtime is not to fetch anything by itself.
        var context = SslStreamCertificateContext.Create(certificate, chain, offline: true);
        listener.Start();
        while (true)
        {
            var client = await listener.AcceptTcpClientAsync(cancellationToken);
            _ = ServeAsync(client, context, stapler, cancellationToken);
        }
    }

    private static async Task ServeAsync(
        TcpClient client,
        SslStreamCertificateContext context,
        IOcspStapler stapler,
        CancellationToken cancellationToken
    )
    {
        using var connection = client;
        await using var stream = new SslStream(client.GetStream());
        try
        {
            await stream.AuthenticateAsServerAsync(
                async (_, hello, _, cancellation) =>
                {
                    var handshake = new SslServerAuthenticationOptions { ServerCertificateContext = context };
                    await stapler.ApplyAsync(handshake, hello.ServerName, cancellation);
                    return handshake;
                },
                null,
                cancellationToken
            );
            await stream.WriteAsync("hello\r\n"u8.ToArray(), cancellationToken);
            await stream.ShutdownAsync();
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            // Also where a certificate must be stapled (RFC 7633) and there is no staple.
            await Console.Error.WriteLineAsync(exception.Message);
        }
    }

    private static ServiceProvider Register(Acme acme)
    {
        var services = new ServiceCollection();
        services
            .AddOcspStapling()
            .Configure(options =>
            {
                options.StorageDirectory = "/var/lib/postbox/staples";
                options.Events.OnRevoked = revoked => acme.RenewAsync(revoked.Status.HostNames, revoked.Stopping);
            });
        services.Configure<OcspClientOptions>(fetch => fetch.Resolvers.Add("10.0.0.53"));
        return services.BuildServiceProvider();
    }

    private sealed class Acme
    {
        public IReadOnlyList<string> Renewed { get; private set; } = [];

        public Task RenewAsync(IReadOnlyList<string> hosts, CancellationToken cancellationToken)
        {
            Renewed = hosts;
            return Task.Delay(0, cancellationToken);
        }
    }

    // The test has its files in a folder of its own.
    private static string WithFiles(string code) =>
        code.Replace("\"/etc/postbox/fullchain.pem\"", "certificateFile", StringComparison.Ordinal)
            .Replace("\"/etc/postbox/private.key\"", "keyFile", StringComparison.Ordinal);
}
