using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.Lab.Tests;

public sealed class NginxConfigurationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("listen 127.0.0.1:8443 default_server ssl;")]
    [InlineData("server_name echocert.lab;")]
    [InlineData("access_log")]
    [InlineData("error_log")]
    [InlineData("ssl_certificate_key")]
    [InlineData("ssl_password_file")]
    [InlineData("ssl_certificate ")]
    [InlineData("ssl_stapling on;")]
    [InlineData("ssl_stapling_verify on;")]
    [InlineData("ssl_trusted_certificate")]
    [InlineData("resolver 127.0.0.1:5533 valid=300s;")]
    [InlineData("resolver_timeout 5;")]
    [InlineData("ssl_session_timeout 1d;")]
    [InlineData("ssl_session_cache shared:SSL:50m;")]
    [InlineData("ssl_session_tickets off;")]
    [InlineData("ssl_protocols TLSv1.2 TLSv1.3;")]
    [InlineData("ssl_ciphers 'ECDHE-ECDSA-AES256-GCM-SHA384:")]
    [InlineData("ssl_prefer_server_ciphers on;")]
    [InlineData("# add_header Strict-Transport-Security max-age=15768000;")]
    [InlineData("try_files $uri /index.html;")]
    public void Every_directive_of_the_article_is_there(string directive) =>
        Assert.Contains(Write(HostsView.MountNamespace).Split('\n'), line =>
            line.TrimStart().StartsWith(directive, StringComparison.Ordinal)
        );

    [Fact]
    public void The_responders_address_is_only_given_where_its_name_cannot_be()
    {
        Assert.DoesNotContain("ssl_stapling_responder", Write(HostsView.MountNamespace), StringComparison.Ordinal);
        Assert.DoesNotContain("ssl_stapling_responder", Write(HostsView.UserNamespace), StringComparison.Ordinal);
        Assert.Contains(
            "ssl_stapling_responder http://127.0.0.1:8888;",
            Write(HostsView.None),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("listen 443 default_server ssl;")]
    [InlineData("access_log \"/var/log/nginx/echocert_access.log\";")]
    [InlineData("error_log \"/var/log/nginx/echocert_error.log\";")]
    [InlineData("ssl_certificate_key \"/etc/nginx/ssl/echocert.lab/rsa_echocert_encrypted.key\";")]
    [InlineData("ssl_password_file \"/etc/nginx/ssl/echocert.lab/password.txt\";")]
    [InlineData("ssl_certificate \"/etc/nginx/ssl/echocert.lab/fullchain.pem\";")]
    [InlineData("ssl_trusted_certificate \"/etc/nginx/ssl/ca-chain.pem\";")]
    [InlineData("resolver 10.89.0.1:5533 valid=300s;")]
    [InlineData("root \"/var/www/html\";")]
    public void In_a_container_the_paths_and_ports_are_the_articles_own(string directive)
    {
        NginxConfiguration.Write(_folder.Path, NginxView.OfContainer(Site, "10.89.0.1"));
        Assert.Contains(File.ReadLines(_folder["conf.d/echocert.conf"]), line => line.Trim() == directive);
    }

    [Fact]
    public void The_container_sees_all_of_the_lab_read_only_but_for_its_logs()
    {
        var mounts = Recipe.Mounts;
        Assert.Equal("/var/log/nginx", Assert.Single(mounts, mount => !mount.IsReadOnly).Target);
        Assert.All(mounts, mount => Assert.StartsWith(_folder.Path, mount.Source, StringComparison.Ordinal));
        Assert.Distinct(mounts.Select(mount => mount.Target));
    }

    [Fact]
    public void An_orchestrators_container_finds_the_lab_by_the_machines_name()
    {
        Recipe.WriteConfiguration();
        Assert.Contains(
            "resolver host.docker.internal:5533 valid=300s;",
            File.ReadAllText(_folder["nginx/conf.d/echocert.conf"]),
            StringComparison.Ordinal
        );
        Assert.Contains("ocsp.servicelab.com:host-gateway", Recipe.RuntimeArguments);
        Assert.Contains("host.docker.internal:host-gateway", Recipe.RuntimeArguments);
    }

    [Theory]
    [InlineData("ssl_stapling_responder http://host.docker.internal:8080;")]
    [InlineData("server_name shop.test;")]
    [InlineData("ssl_certificate_key \"/etc/nginx/ssl/shop.test/rsa_shop_encrypted.key\";")]
    [InlineData("access_log \"/var/log/nginx/shop_access.log\";")]
    public void Another_site_has_its_own_names_and_a_responder_without_a_name_is_given_to_its_container(
        string directive
    )
    {
        var site = Site with
        {
            HostName = "shop.test",
            Responder = new Uri("http://127.0.0.1:8080"),
            NameServer = null,
        };
        NginxConfiguration.Write(_folder.Path, NginxView.OfContainer(site, "host.docker.internal"));
        var lines = File.ReadAllLines(_folder["conf.d/shop.conf"]);
        Assert.Contains(lines, line => line.Trim() == directive);
        Assert.DoesNotContain(lines, line => line.TrimStart().StartsWith("resolver", StringComparison.Ordinal));
    }

    private NginxSite Site => NginxSite.Of(new LabTopology { Directory = _folder.Path });

    private NginxRecipe Recipe => new("nginx", System.Net.IPAddress.Any, Site);

    private string Write(HostsView view)
    {
        NginxConfiguration.Write(Site.Directory, NginxView.OfProcess(Site, view));
        return File.ReadAllText(_folder["nginx/conf.d/echocert.conf"]);
    }
}
