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
        Assert.Contains(Write(HostsView.MountNamespace).Split('\n'), line => line.TrimStart().StartsWith(directive, StringComparison.Ordinal));

    [Fact]
    public void The_responders_address_is_only_given_where_its_name_cannot_be()
    {
        Assert.DoesNotContain("ssl_stapling_responder", Write(HostsView.MountNamespace), StringComparison.Ordinal);
        Assert.DoesNotContain("ssl_stapling_responder", Write(HostsView.UserNamespace), StringComparison.Ordinal);
        Assert.Contains("ssl_stapling_responder http://127.0.0.1:8888;", Write(HostsView.None), StringComparison.Ordinal);
    }

    private string Write(HostsView view)
    {
        var topology = new LabTopology { Directory = _folder.Path };
        NginxConfiguration.Write(topology, topology.CreatePki(TimeProvider.System).FilesOf("echo"), view);
        return File.ReadAllText(_folder["nginx/conf.d/echocert.conf"]);
    }
}
