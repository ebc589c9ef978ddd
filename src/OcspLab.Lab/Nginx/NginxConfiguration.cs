using OcspLab.Pki;

namespace OcspLab.Lab;

/// <summary>
/// Writes the article's <c>echocert.conf</c>, every directive of it, with the lab's ports, paths and addresses; and the
/// <c>nginx.conf</c> around it that lets nginx run without being installed.
/// </summary>
public static class NginxConfiguration
{
    /// <summary>Writes all of nginx's files into the lab.</summary>
    /// <param name="topology">The lab.</param>
    /// <param name="certificate">The site's certificate.</param>
    /// <param name="view">How nginx learns the responder's address while it reads its configuration.</param>
    public static void Write(LabTopology topology, CertificateFiles certificate, HostsView view)
    {
        ArgumentNullException.ThrowIfNull(topology);
        ArgumentNullException.ThrowIfNull(certificate);
        var root = topology.NginxDirectory;
        foreach (var folder in (ReadOnlySpan<string>)["conf.d", "html", "logs", "temp"])
            Directory.CreateDirectory(Path.Combine(root, folder));
        File.WriteAllText(Path.Combine(root, "hosts"), $"127.0.0.1 localhost\n::1 localhost\n127.0.0.1 {LabTopology.SiteHost} {LabTopology.ResponderHost}\n");
        File.WriteAllText(Path.Combine(root, "html", "index.html"), "<!doctype html><title>echocert.lab</title><h1>echocert.lab</h1><p>Served by nginx.</p>\n");
        File.WriteAllText(Path.Combine(root, "nginx.conf"), Main(root));
        File.WriteAllText(Path.Combine(root, "conf.d", "echocert.conf"), Site(topology, certificate, view));
    }

    // One worker: each has a staple cache of its own, and each misses its first handshake.
    private static string Main(string root) => $$"""
        {{(Environment.UserName == "root" ? "# The workers too read what only the lab's owner may.\nuser root;" : "")}}
        daemon off;
        worker_processes 1;
        pid {{Quote(Path.Combine(root, "nginx.pid"))}};
        error_log {{Quote(Path.Combine(root, "logs", "error.log"))}} info;

        events {
            worker_connections 1024;
        }

        http {
            types { text/html html; }
            client_body_temp_path {{Quote(Path.Combine(root, "temp", "body"))}};
            proxy_temp_path       {{Quote(Path.Combine(root, "temp", "proxy"))}};
            fastcgi_temp_path     {{Quote(Path.Combine(root, "temp", "fastcgi"))}};
            uwsgi_temp_path       {{Quote(Path.Combine(root, "temp", "uwsgi"))}};
            scgi_temp_path        {{Quote(Path.Combine(root, "temp", "scgi"))}};
            include {{Quote(Path.Combine(root, "conf.d", "*.conf"))}};
        }

        """;

    private static string Site(LabTopology topology, CertificateFiles certificate, HostsView view)
    {
        var root = topology.NginxDirectory;
        var listenIpv6 = PortCheck.HasIpv6Loopback() ? $"listen [::1]:{topology.Ports.Nginx} ssl;" : "# no IPv6 on this machine: listen [::]:443 ssl;";
        var responder = view == HostsView.None && topology.OcspInCertificates == OcspInCertificates.Yes
            ? $"\n    # Not in the article: nginx cannot be shown the responder's name on this machine.\n    ssl_stapling_responder http://127.0.0.1:{topology.Ports.Responder};"
            : "";
        return $$"""
            server {
                listen 127.0.0.1:{{topology.Ports.Nginx}} default_server ssl;
                {{listenIpv6}}

                server_name {{LabTopology.SiteHost}};

                access_log {{Quote(Path.Combine(root, "logs", "echocert_access.log"))}};
                error_log {{Quote(Path.Combine(root, "logs", "echocert_error.log"))}};

                ssl_certificate_key {{Quote(certificate.Key)}};
                ssl_password_file {{Quote(certificate.Password)}};
                ssl_certificate {{Quote(certificate.FullChain)}};

                ssl_stapling on;
                ssl_stapling_verify on;
                ssl_trusted_certificate {{Quote(Path.Combine(topology.PkiDirectory, "ca-chain.pem"))}};{{responder}}

                resolver 127.0.0.1:{{topology.Ports.Dns}} valid=300s;
                resolver_timeout 5;

                ssl_session_timeout 1d;
                ssl_session_cache shared:SSL:50m;
                ssl_session_tickets off;

                ssl_protocols TLSv1.2 TLSv1.3;

                # Mozilla's modern suites
                ssl_ciphers 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256';

                # The server's order counts
                ssl_prefer_server_ciphers on;

                # HSTS for six months; needs ngx_http_headers_module
                # add_header Strict-Transport-Security max-age=15768000;

                location / {
                    root {{Quote(Path.Combine(root, "html"))}};
                    try_files $uri /index.html;
                }
            }

            """;
    }

    private static string Quote(string path) => $"\"{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
