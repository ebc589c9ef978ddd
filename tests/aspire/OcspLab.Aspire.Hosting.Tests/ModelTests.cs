using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using OcspLab.Aspire.Hosting.ApplicationModel;
using OcspLab.Aspire.Hosting.Stapling;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.Aspire.Hosting.Tests;

/// <summary>The integration's resources, without an orchestrator.</summary>
public sealed class ModelTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_responder_is_given_the_very_settings_of_the_lab()
    {
        var builder = Models.Create(_folder.Path);
        var authority = builder.AddCertificateAuthority("pki", _folder["lab"]);
        var responder = authority.AddOcspResponder("ocsp", 7001, 7002).WithResponseLifetime(TimeSpan.FromMinutes(9));
        var topology = new LabTopology
        {
            Directory = _folder["lab"],
            Ports = new LabPorts { Responder = 7001, ResponderAdmin = 7002 },
            Validity = TimeSpan.FromMinutes(9),
        };
        var variables = await builder.EnvironmentOfAsync(responder.Resource);
        foreach (var (key, value) in topology.SettingsOf(LabTopology.Responder))
            Assert.Equal(value, variables[key.Replace(":", "__", StringComparison.Ordinal)]);
        Assert.Equal(new Uri("http://127.0.0.1:7001"), responder.Resource.Url);
        Assert.Equal(["pki"], Models.WaitsFor(responder.Resource));
    }

    [Fact]
    public async Task A_site_is_given_certificate_key_and_endpoints_and_waits_for_those_that_it_asks()
    {
        var builder = Models.Create(_folder.Path);
        var authority = builder.AddCertificateAuthority("pki", _folder["lab"]);
        authority.AddNameServer("dns", 7003);
        authority.AddOcspResponder("ocsp", 7001, 7002, hostName: "ocsp.shop.lab");
        var site = builder
            .AddSite("shop")
            .WithHttpsEndpoint(port: 7004, name: "https", isProxied: false)
            .WithStapledCertificate(authority, "shop.lab");
        var variables = await builder.EnvironmentOfAsync(site.Resource);
        var folder = Path.Combine(_folder["lab"], "servers", "shop-lab");
        Assert.Equal(Path.Combine(folder, "fullchain.pem"), variables["Kestrel__Endpoints__https__Certificate__Path"]);
        Assert.Equal(Path.Combine(folder, "privkey.pem"), variables["Kestrel__Endpoints__https__Certificate__KeyPath"]);
        Assert.DoesNotContain("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", variables.Keys);
        Assert.Equal("127.0.0.1:7003", variables["OcspStapling__Fetch__Resolvers__0"]);
        Assert.IsType<ReferenceExpression>(variables["Kestrel__Endpoints__https__Url"]);
        Assert.DoesNotContain(variables.Keys, key => key.Contains("Password", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(["dns", "ocsp", "pki"], Models.WaitsFor(site.Resource).Order());
        Assert.Equal(new Uri("http://ocsp.shop.lab:7001"), authority.Resource.Responder?.Url);
    }

    [Fact]
    public async Task The_name_server_knows_every_host_and_no_address()
    {
        var builder = Models.Create(_folder.Path);
        var authority = builder.AddCertificateAuthority("pki", _folder["lab"]);
        var server = authority.AddNameServer("dns", 7003);
        authority.AddOcspResponder("ocsp", hostName: "ocsp.shop.lab");
        authority.WithCertificate("shop", "shop.lab", "www.shop.lab").WithMustStapleCertificate("pay", "pay.lab");
        var variables = await builder.EnvironmentOfAsync(server.Resource);
        Assert.Equal("ocsp.shop.lab,shop.lab,www.shop.lab,pay.lab", variables["Dns__Names"]);
        Assert.Equal("7003", variables["Dns__Port"]);
    }

    [Fact]
    public async Task Whoever_is_added_after_a_site_is_asked_by_it_all_the_same()
    {
        var builder = Models.Create(_folder.Path);
        var authority = builder.AddCertificateAuthority("pki", _folder["lab"]);
        var site = builder
            .AddSite("shop")
            .WithHttpsEndpoint(port: 7004, name: "https", isProxied: false)
            .WithStapledCertificate(authority, "shop.lab");
        authority.AddOcspResponder("ocsp", 7001, 7002, hostName: "ocsp.shop.lab");
        authority.AddNameServer("dns", 7003);
        Assert.Equal(["dns", "ocsp", "pki"], Models.WaitsFor(site.Resource).Order());
        Assert.Equal(
            "127.0.0.1:7003",
            (await builder.EnvironmentOfAsync(site.Resource))["OcspStapling__Fetch__Resolvers__0"]
        );
    }

    [Fact]
    public void The_same_hosts_are_served_with_the_same_certificate()
    {
        var builder = Models.Create(_folder.Path);
        var authority = builder.AddCertificateAuthority("pki").WithCertificate("shop", "shop.lab", "www.shop.lab");
        foreach (var name in (string[])["one", "two"])
            builder
                .AddSite(name)
                .WithHttpsEndpoint(name: "https")
                .WithStapledCertificate(authority, name == "one" ? "shop.lab" : "www.shop.lab");
        Assert.Equal(["shop"], authority.Resource.Orders.Select(order => order.Name));
        Assert.All(authority.Resource.Sites, site => Assert.Equal("shop", site.Certificate));
        Assert.EndsWith(Path.Combine(".ocsplab", "pki"), authority.Resource.Directory, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_is_refused_at_once()
    {
        var builder = Models.Create(_folder.Path);
        var authority = builder.AddCertificateAuthority("pki").WithCertificate("shop", "shop.lab");
        authority.AddOcspResponder("ocsp");
        Assert.Throws<InvalidOperationException>(() => authority.AddOcspResponder("second"));
        Assert.Throws<ArgumentException>(() => authority.WithCertificate("shop", "other.lab"));
        Assert.Throws<ArgumentException>(() => authority.WithCertificate("Not a name", "other.lab"));
        Assert.Throws<ArgumentException>(() => authority.WithCertificate("empty"));
        var url = Assert.Throws<ArgumentException>(() =>
            builder.AddSite("shop").WithStapledCertificate(authority, "https://shop.lab/")
        );
        Assert.StartsWith("'https://shop.lab/' is no host name", url.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_reaches_this_machine_without_Aspires_tunnel_unless_that_is_wanted()
    {
        foreach (var wanted in (string?[])[null, "true"])
        {
            var builder = Models.Create(_folder.Path, "--operation", "publish", "--publisher", "manifest");
            builder.Configuration["ASPIRE_ENABLE_CONTAINER_TUNNEL"] = wanted;
            var authority = builder.AddCertificateAuthority("pki", _folder["lab"]);
            authority.AddOcspResponder("ocsp", 7001);
            var nginx = await builder.AddStaplingNginxAsync("nginx", authority, "shop.lab", 7004);
            Assert.IsType<StaplingNginxContainerResource>(nginx.Resource);
            Assert.Equal(wanted ?? "false", builder.Configuration["ASPIRE_ENABLE_CONTAINER_TUNNEL"]);
            Assert.Equal(["ocsp", "pki"], Models.WaitsFor(nginx.Resource).Order());
            var responder = await builder.EnvironmentOfAsync(authority.Resource.Responder!);
            Assert.Equal("0.0.0.0", responder["Responder__Address"]);
        }
    }

    [Fact]
    public void A_tool_that_is_not_there_is_not_made_up()
    {
        var builder = Models.Create(_folder.Path);
        builder.Configuration["OcspLab:Tool"] = _folder["nothing"];
        Assert.False(OcspLabTool.Find(builder).IsFound);
    }
}
