namespace OcspLab.Lab.Nginx;

/// <summary>
/// Writes the article's <c>echocert.conf</c>, every directive of it, with the site's own names and paths; and the
/// <c>nginx.conf</c> around it that lets nginx run without being installed.
/// </summary>
internal static class NginxConfiguration
{
    /// <summary>Writes all of nginx's files into <paramref name="directory"/>.</summary>
    public static void Write(string directory, NginxView view)
    {
        foreach (var folder in (ReadOnlySpan<string>)["conf.d", "html", "logs", "temp"])
            Directory.CreateDirectory(Path.Combine(directory, folder));
        File.WriteAllText(
            Path.Combine(directory, "hosts"),
            $"127.0.0.1 localhost\n::1 localhost\n127.0.0.1 {view.HostName} {view.ResponderHost}".TrimEnd() + "\n"
        );
        File.WriteAllText(
            Path.Combine(directory, "html", "index.html"),
            $"<!doctype html><title>{view.HostName}</title><h1>{view.HostName}</h1><p>Served by nginx.</p>\n"
        );
        File.WriteAllText(Path.Combine(directory, "nginx.conf"), Main(view));
        // Another site that was served before would be read as well.
        foreach (var former in Directory.GetFiles(Path.Combine(directory, "conf.d"), "*.conf"))
            File.Delete(former);
        File.WriteAllText(Path.Combine(directory, "conf.d", $"{view.Name}.conf"), Site(view));
    }

    // One worker: each has a staple cache of its own, and each misses its first handshake.
    private static string Main(NginxView view) =>
        $$"""
            {{(view.RunsAsRoot ? "# The workers too read what only the lab's owner may.\nuser root;" : "")}}
            daemon off;
            worker_processes 1;
            pid {{Quote(view.ProcessIdFile)}};
            error_log {{Quote(view.Logs + "/error.log")}} info;
            {{(view.Log == NginxLog.FilesAndConsole ? "error_log stderr info;" : "")}}

            events {
                worker_connections 1024;
            }

            http {
                types { text/html html; }
            {{Temporary(view)}}
                include {{Quote(view.Sites + "/*.conf")}};
            }

            """;

    private static string Temporary(NginxView view) =>
        view.Temporary is not { } folder
            ? ""
            : $"""
                    client_body_temp_path {Quote(folder + "/body")};
                    proxy_temp_path       {Quote(folder + "/proxy")};
                    fastcgi_temp_path     {Quote(folder + "/fastcgi")};
                    uwsgi_temp_path       {Quote(folder + "/uwsgi")};
                    scgi_temp_path        {Quote(folder + "/scgi")};
                """;

    private static string Site(NginxView view)
    {
        var listenIpv6 = view.ListenIpv6 is { } ipv6
            ? $"listen {ipv6} ssl;"
            : "# no IPv6 on this machine: listen [::]:443 ssl;";
        var responder = view.StaplingResponder is { } url
            ? $"\n    # Not in the article: nginx cannot be shown the responder's name on this machine.\n    "
                + $"ssl_stapling_responder {url};"
            : "";
        var console = view.Log == NginxLog.FilesAndConsole ? "\n    error_log stderr info;" : "";
        var resolver = view.Resolver is { } server
            ? $"resolver {server} valid=300s;\n    resolver_timeout 5;"
            : "# The responder has an address and no name: resolver 127.0.0.1 valid=300s;";
        if (view.Stapling == NginxStapling.Included)
            resolver = "# It asks nobody: resolver 127.0.0.1 valid=300s;";
        return $$"""
            server {
                listen {{view.Listen}} default_server ssl;
                {{listenIpv6}}

                server_name {{view.HostName}};

                access_log {{Quote(view.Logs + $"/{view.Name}_access.log")}};
                error_log {{Quote(view.Logs + $"/{view.Name}_error.log")}};{{console}}

                ssl_certificate_key {{Quote(view.Key)}};
                ssl_password_file {{Quote(view.Password)}};
                ssl_certificate {{Quote(view.Certificate)}};

                {{Stapling(view)}}
                ssl_trusted_certificate {{Quote(view.TrustedCertificates)}};{{responder}}

                {{resolver}}

                ssl_session_timeout 1d;
                ssl_session_cache shared:SSL:50m;
                ssl_session_tickets off;

                ssl_protocols TLSv1.2 TLSv1.3;

                # Mozilla's modern suites
                ssl_ciphers '{{string.Join(':', Ciphers)}}';

                # The server's order counts
                ssl_prefer_server_ciphers on;

                # HSTS for six months; needs ngx_http_headers_module
                # add_header Strict-Transport-Security max-age=15768000;

                location / {
                    root {{Quote(view.Html)}};
                    try_files $uri /index.html;
                }
            }

            """;
    }

    private static string Stapling(NginxView view) =>
        view.Stapling switch
        {
            NginxStapling.Off => "ssl_stapling off;",
            // Another program names the response in there while there is one.
            NginxStapling.Included => $"include {Quote(view.StapleFile!)};",
            NginxStapling.File => $"ssl_stapling on;\n    ssl_stapling_file {Quote(view.StapleFile!)};",
            _ => "ssl_stapling on;\n    ssl_stapling_verify on;",
        };

    private static string Quote(string path) =>
        $"\"{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static readonly string[] Ciphers =
    [
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-SHA384",
        "ECDHE-RSA-AES256-SHA384",
        "ECDHE-ECDSA-AES128-SHA256",
        "ECDHE-RSA-AES128-SHA256",
    ];
}
