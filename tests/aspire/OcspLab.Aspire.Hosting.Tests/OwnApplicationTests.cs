using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using OcspLab.Lab.Topology;
using OcspLab.Probe;
using OcspLab.Testing;

namespace OcspLab.Aspire.Hosting.Tests;

/// <summary>An application of one's own: an authority, a responder, two sites, no name server.</summary>
[Trait("Ring", "program")]
public sealed class OwnApplicationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Three_lines_give_a_site_a_staple_with_ECDSA_keys_and_another_site_may_be_added()
    {
        using var timer = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var ports = FreePort.Find(4);
        var builder = Models.Create(_folder.Path);
        var authority = builder.AddCertificateAuthority("pki", _folder["pki"]).WithEcdsaKeys();
        authority.AddOcspResponder("ocsp", ports[0], ports[1]);
        builder
            .AddSite("shop")
            .WithHttpsEndpoint(port: ports[2], name: "https", isProxied: false)
            .WithStapledCertificate(authority, "shop.lab");
        await builder.AddStaplingNginxAsync("nginx", authority, "pay.lab", ports[3], StaplingNginxSource.Process);
        await using (var application = builder.Build())
        {
            await application.StartAsync(timer.Token);
            foreach (var name in (string[])["shop", "nginx"])
                await application.ResourceNotifications.WaitForResourceHealthyAsync(name, timer.Token);
            var root = authority.Resource.RootCertificate;
            await Handshakes.ExpectAsync(ports[2], "shop.lab", root, StapleVerdictKind.Good);
            await Handshakes.ExpectAsync(ports[3], "pay.lab", root, StapleVerdictKind.Good);
            var report = await Handshakes.ShakeAsync(ports[2], "shop.lab", root);
            Assert.True(report.IsForName);
            Assert.Equal("ECDSA P-256", report.Chain[0].Key);
            Assert.Equal([$"http://127.0.0.1:{ports[0]}"], report.Chain[0].Responders);
            Assert.True(File.Exists(_folder["pki/.gitignore"]));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite,
                OperatingSystem.IsWindows()
                    ? UnixFileMode.UserRead | UnixFileMode.UserWrite
                    : File.GetUnixFileMode(_folder["pki/servers/shop-lab/privkey.pem"])
            );
        }

        Assert.Null(LabState.FindRunning(_folder["pki"]));
    }

    [Fact]
    public async Task A_client_trusts_the_root_that_was_made_at_this_very_start()
    {
        using var timer = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var curl = Tool.Require("curl");
        var ports = FreePort.Find(3);
        var builder = Models.Create(_folder.Path);
        var authority = builder.AddCertificateAuthority("pki", _folder["pki"]);
        authority.AddOcspResponder("ocsp", ports[0], ports[1]);
        var site = builder
            .AddSite("shop")
            .WithHttpsEndpoint(port: ports[2], name: "https", isProxied: false)
            .WithStapledCertificate(authority, "shop.lab");
        string[] arguments = ["-sS", "-o", _folder["page"], $"https://localhost:{ports[2]}/"];
        Client("trusting").WithTrustIn(authority);
        Client("other");
        await using var application = builder.Build();
        await application.StartAsync(timer.Token);
        foreach (var (client, exitCode) in new[] { ("trusting", 0), ("other", UntrustedByCurl) })
        {
            var end = await application.ResourceNotifications.WaitForResourceAsync(
                client,
                known => known.Snapshot.ExitCode is not null,
                timer.Token
            );
            Assert.Equal(exitCode, end.Snapshot.ExitCode);
        }

        // Aspire's way is SSL_CERT_DIR; what a machine has set for curl besides would come first.
        IResourceBuilder<ExecutableResource> Client(string name) =>
            builder
                .AddExecutable(name, curl, _folder.Path, arguments)
                .WithEnvironment("CURL_CA_BUNDLE", "")
                .WithEnvironment("SSL_CERT_FILE", "")
                .WaitFor(site);
    }

    // CURLE_PEER_FAILED_VERIFICATION
    private const int UntrustedByCurl = 60;

    [Fact]
    public async Task Two_of_the_applications_own_do_not_share_a_port()
    {
        var ports = FreePort.Find(3);
        var builder = Models.Create(_folder.Path);
        builder.AddCertificateAuthority("one", _folder["one"]).AddOcspResponder("first", ports[0], ports[1]);
        builder.AddCertificateAuthority("two", _folder["two"]).AddOcspResponder("second", ports[0], ports[2]);
        await using var application = builder.Build();
        var refused = await Assert.ThrowsAsync<DistributedApplicationException>(() =>
            application.StartAsync(TestContext.Current.CancellationToken)
        );
        Assert.Equal($"Port {ports[0]} is given twice: to 'first' and to 'second'.", refused.Message);
    }

    [Fact]
    public async Task A_site_without_an_endpoint_for_HTTPS_ends_the_start()
    {
        var builder = Models.Create(_folder.Path);
        var authority = builder.AddCertificateAuthority("pki", _folder["pki"]);
        builder.AddSite("shop").WithStapledCertificate(authority, "shop.lab");
        await using var application = builder.Build();
        var refused = await Assert.ThrowsAsync<DistributedApplicationException>(() =>
            application.StartAsync(TestContext.Current.CancellationToken)
        );
        Assert.Contains("WithHttpsEndpoint()", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_ends_the_start_and_names_whose_it_is()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        var builder = Models.Create(_folder.Path);
        builder.AddCertificateAuthority("pki", _folder["pki"]).AddOcspResponder("ocsp", port, FreePort.Find());
        await using var application = builder.Build();
        var refused = await Assert.ThrowsAsync<DistributedApplicationException>(() =>
            application.StartAsync(TestContext.Current.CancellationToken)
        );
        Assert.StartsWith($"Port {port} of 'ocsp' cannot be had", refused.Message, StringComparison.Ordinal);
    }
}
