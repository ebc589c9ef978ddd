using System.Text.RegularExpressions;
using OcspLab.Lab.Nginx;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary><c>ocsplab keep</c> beside nginx, HAProxy and Apache as their distribution has them.</summary>
public sealed partial class KeepTests : IAsyncLifetime
{
    private readonly int _responderPort;
    private readonly int _serverPort;
    private readonly int _servePort;
    private readonly OpenSslAuthority _authority;
    private readonly TempFolder _folder;

    public KeepTests()
    {
        var ports = FreePort.Find(3);
        (_responderPort, _serverPort, _servePort) = (ports[0], ports[1], ports[2]);
        _authority = new OpenSslAuthority($"http://127.0.0.1:{_responderPort}");
        _folder = _authority.Folder;
    }

    public async ValueTask InitializeAsync()
    {
        await _authority.CreateAsync();
        await PutInForceAsync("good");
    }

    [Fact, Trait("Rule", "S7")]
    public async Task Nginx_staples_from_its_first_handshake_through_outage_and_restarts_and_tells_of_a_revocation()
    {
        var nginxPath = await FindNginxAsync();
        await WriteSettingsAsync(nginxPath);
        await using (await RespondAsync("--nmin", "1"))
        {
            await using (var keep = Keep())
            {
                await GivenAsync(keep);
                await using var nginx = await StartNginxAsync(nginxPath);
                Assert.Equal("good", await FirstHandshakeAsync());
            }
        }

        // The responder is away; all else begins anew.
        await using (var keep = Keep())
        {
            await using var nginx = await StartNginxAsync(nginxPath);
            Assert.Equal("good", await FirstHandshakeAsync());
            await using (await RespondAsync("--nmin", "1"))
            {
                await _authority.RevokeAsync("good", "keyCompromise");
                await Poll.UntilAsync(async () => await FirstHandshakeAsync() == "revoked", "the revocation", 90);
            }

            Assert.Contains("is revoked", keep.Output, StringComparison.Ordinal);
            keep.Interrupt();
            Assert.Equal(0, await keep.WaitAsync());
        }
    }

    [Fact]
    public async Task Before_a_staple_expires_it_is_taken_away_and_nginx_goes_on_and_starts_without()
    {
        var nginxPath = await FindNginxAsync();
        await WriteSettingsAsync(nginxPath);
        await using var keep = Keep();
        await using (await RespondAsync("--nmin", "1"))
            await GivenAsync(keep);
        await using (var nginx = await StartNginxAsync(nginxPath))
        {
            Assert.Equal("good", await FirstHandshakeAsync());
            await Poll.UntilAsync(async () => await FirstHandshakeAsync() == "none", "the end of the staple", 90);
            Assert.False(File.Exists(_folder["staple.der"]));
        }

        await using var again = await StartNginxAsync(nginxPath);
        Assert.Equal("none", await FirstHandshakeAsync());
    }

    [Fact, Trait("Rule", "S42")]
    public async Task A_certificate_that_is_renewed_under_it_costs_no_handshake_its_staple_and_none_gets_a_wrong_one()
    {
        var nginxPath = await FindNginxAsync();
        await WriteSettingsAsync(nginxPath);
        await using var responder = await RespondAsync("--ndays", "1");
        await using var keep = Keep();
        await GivenAsync(keep);
        await using var nginx = await StartNginxAsync(nginxPath);
        // A reload that is under way for another reason reads whatever there is at that moment.
        await Poll.UntilAsync(() => keep.Output.Contains("reloaded: ", StringComparison.Ordinal), "the first reload");
        await _authority.IssueAsync("renewed", "site");
        var former = await SerialAsync();
        await PutInForceAsync("renewed");
        await Poll.UntilAsync(
            async () =>
            {
                Assert.Equal("good", await FirstHandshakeAsync());
                return await SerialAsync() != former;
            },
            "the new certificate"
        );
        Assert.Equal("good", await FirstHandshakeAsync());
        Assert.Contains("was renewed", keep.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HAProxy_is_told_over_its_socket_without_a_reload()
    {
        var haproxy = Tool.Require("haproxy");
        var responder = await RespondAsync("--ndays", "1");
        await using var _ = responder;
        await File.WriteAllTextAsync(
            _folder["site.pem"],
            string.Concat(File.ReadAllText(_folder["fullchain.pem"]), File.ReadAllText(_folder["good.key"])),
            TestContext.Current.CancellationToken
        );
        await WriteJsonAsync(
            $$"""
            { "Certificate": "{{_folder["site.pem"]}}", "StapleFile": "{{_folder["site.pem.ocsp"]}}",
              "HaproxySocket": "{{_folder["admin.sock"]}}" }
            """,
            ""
        );
        var once = await KeepAsync("--once");
        // There is no HAProxy yet that could be told; the file that it starts with is there.
        Assert.Contains("HAProxy at", once.Output + once.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["site.pem.ocsp"]));
        await File.WriteAllTextAsync(
            _folder["haproxy.cfg"],
            $"""
            defaults
                mode http
                timeout connect 5s
                timeout client 10s
                timeout server 10s
            {Snippet("haproxy")}
                http-request return status 200 content-type text/plain string site

            """,
            TestContext.Current.CancellationToken
        );
        await using var server = new RunningProgram(haproxy, "-db", "-f", _folder["haproxy.cfg"]);
        await Poll.UntilAsync(
            async () =>
            {
                Assert.False(server.HasExited, server.Output + server.Error);
                return await FirstHandshakeAsync() == "good";
            },
            "HAProxy staples"
        );
        await _authority.RevokeAsync("good", "superseded");
        await using var keep = Keep();
        await Poll.UntilAsync(async () => await FirstHandshakeAsync() == "revoked", "the revocation", 60);
        Assert.False(server.HasExited);
    }

    [Fact]
    public async Task Apache_asks_it_and_never_the_authority()
    {
        var apache = Tool.Require("apache2");
        const string modules = "/usr/lib/apache2/modules";
        await WriteJsonAsync($$"""{ "Certificate": "{{_folder["fullchain.pem"]}}" }""", "");
        await using var keep = Keep();
        await using (await RespondAsync("--ndays", "1"))
            await Poll.UntilAsync(async () => await AskKeepAsync("good") == "good", "the first staple");

        // The authority is away by now.
        await File.WriteAllTextAsync(
            _folder["httpd.conf"],
            $"""
            ServerRoot {_folder.Path}
            ServerName good
            PidFile {_folder["httpd.pid"]}
            ErrorLog {_folder["error.log"]}
            LoadModule mpm_event_module {modules}/mod_mpm_event.so
            LoadModule authz_core_module {modules}/mod_authz_core.so
            LoadModule socache_shmcb_module {modules}/mod_socache_shmcb.so
            LoadModule ssl_module {modules}/mod_ssl.so
            Listen 127.0.0.1:{_serverPort}
            Mutex file:{_folder.Path}
            {(Environment.IsPrivilegedProcess ? "User www-data\nGroup www-data" : "")}
            {Snippet("apache")}
            SSLEngine on
            SSLCertificateFile {_folder["fullchain.pem"]}
            SSLCertificateKeyFile {_folder["good.key"]}

            """,
            TestContext.Current.CancellationToken
        );
        await using var server = new RunningProgram(apache, "-DFOREGROUND", "-f", _folder["httpd.conf"]);
        await Poll.UntilAsync(
            async () =>
            {
                Assert.False(server.HasExited, server.Output + server.Error);
                return await FirstHandshakeAsync() == "good";
            },
            "Apache staples"
        );
    }

    [Fact]
    public async Task It_answers_about_what_it_keeps_and_about_nothing_else()
    {
        await WriteJsonAsync($$"""{ "Certificate": "{{_folder["fullchain.pem"]}}" }""", "");
        await using var responder = await RespondAsync("--ndays", "1");
        await using var keep = Keep();
        await Poll.UntilAsync(async () => await AskKeepAsync("good") == "good", "the first staple");
        Assert.Contains("unauthorized", await AskKeepAsync("bad"), StringComparison.Ordinal);
        var health = await Tool.RunAsync("curl", "-sS", $"http://127.0.0.1:{_servePort}/health");
        Assert.Contains("\"isHealthy\": true", health.Output, StringComparison.Ordinal);
        var metrics = await Tool.RunAsync("curl", "-sS", $"http://127.0.0.1:{_servePort}/metrics");
        Assert.Contains("ocsp_keep_staple_remaining", metrics.Output, StringComparison.Ordinal);
        var headers = await Tool.RunAsync(
            "curl",
            "-sSD-",
            "-o",
            _folder["got.der"],
            $"http://127.0.0.1:{_servePort}/{Uri.EscapeDataString(await QuestionAsync("good"))}"
        );
        Assert.Contains("Cache-Control: max-age=", headers.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Once_and_check_say_how_it_is_by_their_exit_code()
    {
        string[] one =
        [
            "--cert",
            _folder["fullchain.pem"],
            "--out",
            _folder["staple.der"],
            "--state",
            _folder["state"],
        ];
        Assert.Equal(4, (await KeepAsync("--once", one)).ExitCode);
        Assert.Equal(4, (await KeepAsync("--check", one)).ExitCode);
        await using (await RespondAsync("--ndays", "1"))
        {
            var good = await KeepAsync("--once", [.. one, "--reload", $"echo reloaded >> {_folder["reloads"]}"]);
            Assert.True(good.ExitCode == 0, good.Output + good.Error);
            Assert.Contains("fullchain.pem: good until", good.Output, StringComparison.Ordinal);
            Assert.Equal(0, (await KeepAsync("--check", one)).ExitCode);
            // The same response is no reason to reload.
            await KeepAsync("--once", [.. one, "--reload", $"echo reloaded >> {_folder["reloads"]}"]);
            Assert.Single(File.ReadAllLines(_folder["reloads"]));
            await _authority.RevokeAsync("good", "superseded");
            Assert.Equal(1, (await KeepAsync("--once", one)).ExitCode);
            Assert.Equal(1, (await KeepAsync("--check", one)).ExitCode);
            Assert.Equal(
                69,
                (await KeepAsync("--once", [.. one, "--revoked", "withhold", "--reload", "false"])).ExitCode
            );
        }

        await File.WriteAllTextAsync(_folder["staple.der"], "?", TestContext.Current.CancellationToken);
        Assert.Equal(3, (await KeepAsync("--check", one)).ExitCode);
    }

    [Fact]
    public async Task Killed_at_any_moment_it_leaves_a_valid_file_or_none()
    {
        await using var responder = await RespondAsync("--ndays", "1");
        string[] one =
        [
            "--cert",
            _folder["fullchain.pem"],
            "--out",
            _folder["staple.der"],
            "--state",
            _folder["state"],
        ];
        Assert.Equal(0, (await KeepAsync("--once", one)).ExitCode);
        var whole = await File.ReadAllBytesAsync(_folder["staple.der"], TestContext.Current.CancellationToken);
        var random = new Random(6960);
        var folders = Enumerable.Range(0, 4).Select(number => Directory.CreateDirectory(_folder[$"kill{number}"]));
        var found = await Task.WhenAll(
            folders.Select(folder =>
                Task.Run(async () =>
                {
                    var file = Path.Combine(folder.FullName, "staple.der");
                    var (none, there) = (0, 0);
                    for (var kill = 0; kill < 25; kill++)
                    {
                        File.Delete(file);
                        int pause;
                        lock (random)
                            pause = random.Next(350, 1100);
                        await using (
                            var keep = new RunningProgram([
                                "dotnet",
                                Programs.Cli,
                                "keep",
                                "--cert",
                                _folder["fullchain.pem"],
                                "--out",
                                file,
                                "--state",
                                _folder["state"],
                            ])
                        )
                        {
                            await Task.Delay(pause, TestContext.Current.CancellationToken);
                            keep.Kill();
                        }

                        if (!File.Exists(file))
                            none++;
                        else
                        {
                            there++;
                            Assert.Equal(whole.Length, new FileInfo(file).Length);
                        }
                    }

                    return (none, there);
                })
            )
        );
        Assert.Equal(100, found.Sum(pair => pair.none + pair.there));
    }

    [Theory]
    [InlineData(new[] { "--out", "x.der" }, 64, "Give --cert, or --config")]
    [InlineData(new[] { "--cert", "none.pem" }, 78, "nobody gets its staple")]
    [InlineData(new[] { "--cert", "none.pem", "--nginx-include", "x.conf" }, 78, "names StapleFile, which is missing")]
    [InlineData(new[] { "--cert", "none.pem", "--serve", "8890" }, 78, "is not an address and a port")]
    [InlineData(new[] { "--config", "none.json" }, 69, "none.json")]
    public async Task What_cannot_be_meant_is_refused_with_a_reason(string[] arguments, int code, string why)
    {
        var result = await Tool.RunInAsync(_folder.Path, "dotnet", [Programs.Cli, "keep", .. arguments]);
        Assert.Equal(code, result.ExitCode);
        Assert.Contains(why, result.Error, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync()
    {
        _authority.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// What docs/keep.md says is to be written into a server's configuration, with paths and ports of here.
    /// </summary>
    private string Snippet(string server)
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/keep.md"));
        return Regex
            .Match(page, $"(?s)```{server}\n(.*?)```")
            .Groups[1]
            .Value.Replace("/etc/site/", $"{_folder.Path}/", StringComparison.Ordinal)
            .Replace("/var/lib/ocsplab/", $"{_folder.Path}/", StringComparison.Ordinal)
            .Replace("/run/haproxy/", $"{_folder.Path}/", StringComparison.Ordinal)
            .Replace("/var/run/apache2/", $"{_folder.Path}/", StringComparison.Ordinal)
            .Replace("listen 443 ", $"listen 127.0.0.1:{_serverPort} ", StringComparison.Ordinal)
            .Replace("bind :443 ", $"bind 127.0.0.1:{_serverPort} ", StringComparison.Ordinal)
            .Replace("127.0.0.1:8890", $"127.0.0.1:{_servePort}", StringComparison.Ordinal);
    }

    // As certbot does it: the new file takes the place of the old one.
    private async Task PutInForceAsync(string name)
    {
        var chain = string.Concat(
            await File.ReadAllTextAsync(_folder[$"{name}.pem"], TestContext.Current.CancellationToken),
            await File.ReadAllTextAsync(_folder["ca.pem"], TestContext.Current.CancellationToken)
        );
        File.Copy(_folder[$"{name}.key"], _folder["site.key"], overwrite: true);
        await File.WriteAllTextAsync(_folder["fullchain.new"], chain, TestContext.Current.CancellationToken);
        File.Move(_folder["fullchain.new"], _folder["fullchain.pem"], overwrite: true);
    }

    private Task WriteSettingsAsync(string nginx)
    {
        var command = $"'{nginx}' -c '{_folder["server.conf"]}' -e '{_folder["error.log"]}'";
        return WriteJsonAsync(
            $$"""
            { "Certificate": "{{_folder["fullchain.pem"]}}", "StapleFile": "{{_folder["staple.der"]}}",
              "NginxInclude": "{{_folder["staple.conf"]}}" }
            """,
            $"""
            "Test": "test ! -f {_folder["nginx.pid"]} || {command} -t -q",
            "Reload": "test ! -f {_folder["nginx.pid"]} || {command} -s reload",
            """
        );
    }

    private Task WriteJsonAsync(string certificate, string common) =>
        File.WriteAllTextAsync(
            _folder["keep.json"],
            $$"""
            { "Keep": { {{common}} "ReloadInterval": "00:00:01", "Serve": "127.0.0.1:{{_servePort}}",
                        "Certificates": { "site": {{certificate}} } },
              "OcspStapling": { "StorageDirectory": "{{_folder["state"]}}", "RetryDelay": "00:00:01",
                                "MinimumRefreshInterval": "00:00:01" } }
            """,
            TestContext.Current.CancellationToken
        );

    private RunningProgram Keep() => new(["dotnet", Programs.Cli, "keep", "--config", _folder["keep.json"]]);

    private Task<ToolResult> KeepAsync(string mode, string[]? arguments = null) =>
        Tool.RunInAsync(
            _folder.Path,
            "dotnet",
            [Programs.Cli, "keep", mode, .. arguments ?? ["--config", _folder["keep.json"]]]
        );

    private Task<RunningProgram> RespondAsync(string option, string value) =>
        _authority.RespondAsync(_responderPort, "--index", "index.txt", more: [option, value]);

    private async Task GivenAsync(RunningProgram keep) =>
        await Poll.UntilAsync(
            () =>
            {
                Assert.False(keep.HasExited, keep.Output + keep.Error);
                return File.Exists(_folder["staple.der"])
                    && File.Exists(_folder["staple.conf"])
                    && File.ReadAllText(_folder["staple.conf"]).Contains("ssl_stapling on", StringComparison.Ordinal);
            },
            "the first staple"
        );

    private static async Task<string> FindNginxAsync()
    {
        var search = await new NginxLocator(NginxLocator.DefaultCacheDirectory, _ => { }).LocateAsync(
            TestContext.Current.CancellationToken
        );
        Assert.SkipWhen(search.Binary is null, search.Reason);
        return search.Binary.Path;
    }

    private async Task<RunningProgram> StartNginxAsync(string path)
    {
        Directory.CreateDirectory(_folder["temp"]);
        await File.WriteAllTextAsync(
            _folder["server.conf"],
            $$"""
            daemon off;
            user root;
            worker_processes 1;
            pid {{_folder["nginx.pid"]}};
            error_log {{_folder["error.log"]}};
            events { }
            http {
                access_log off;
                client_body_temp_path {{_folder["temp"]}};
                proxy_temp_path {{_folder["temp"]}};
                fastcgi_temp_path {{_folder["temp"]}};
                uwsgi_temp_path {{_folder["temp"]}};
                scgi_temp_path {{_folder["temp"]}};
                {{Snippet("nginx")}}
            }
            """,
            TestContext.Current.CancellationToken
        );
        var nginx = new RunningProgram(path, "-c", _folder["server.conf"], "-e", _folder["error.log"]);
        await Poll.UntilAsync(
            () =>
            {
                Assert.False(nginx.HasExited, nginx.Output + nginx.Error);
                return File.Exists(_folder["nginx.pid"]);
            },
            "nginx runs"
        );
        return nginx;
    }

    /// <summary>What the staple of one handshake says: good, revoked, none; or that it does not verify.</summary>
    private async Task<string> FirstHandshakeAsync()
    {
        var shown = await Tool.RunInAsync(
            _folder.Path,
            "openssl",
            "s_client",
            "-connect",
            $"127.0.0.1:{_serverPort}",
            "-status",
            "-CAfile",
            "ca.pem",
            "-servername",
            "good"
        );
        if (shown.Output.Contains("OCSP response: no response sent", StringComparison.Ordinal))
            return "none";
        var status = Status().Match(shown.Output);
        var about = Serials().Match(shown.Output);
        if (!status.Success)
            return shown.Error;
        // The certificate that was shown is the one that the staple is about; the delegate's comes before it.
        await File.WriteAllTextAsync(
            _folder["shown.pem"],
            shown.Output[shown.Output.IndexOf("Server certificate", StringComparison.Ordinal)..],
            TestContext.Current.CancellationToken
        );
        var serial = await SerialAsync(_folder["shown.pem"]);
        return about.Groups[1].Value == serial ? status.Groups[1].Value : $"of {about.Groups[1].Value}, not {serial}";
    }

    private async Task<string> SerialAsync()
    {
        await FirstHandshakeAsync();
        return await SerialAsync(_folder["shown.pem"]);
    }

    private static async Task<string> SerialAsync(string file) =>
        (await Tool.RunAsync("openssl", "x509", "-in", file, "-noout", "-serial")).Output.Trim().Split('=')[^1];

    private async Task<string> QuestionAsync(string name)
    {
        await _authority.OpenSslAsync($"ocsp -issuer ca.pem -cert {name}.pem -no_nonce -reqout {name}.request");
        return Convert.ToBase64String(
            await File.ReadAllBytesAsync(_folder[$"{name}.request"], TestContext.Current.CancellationToken)
        );
    }

    /// <summary>What openssl is told by the port that keep answers on.</summary>
    private async Task<string> AskKeepAsync(string name)
    {
        var asked = await Tool.RunInAsync(
            _folder.Path,
            "openssl",
            "ocsp",
            "-issuer",
            "ca.pem",
            "-cert",
            $"{name}.pem",
            "-no_nonce",
            "-CAfile",
            "ca.pem",
            "-url",
            $"http://127.0.0.1:{_servePort}"
        );
        var line = asked.Output.Split('\n')[0];
        return line.StartsWith($"{name}.pem: ", StringComparison.Ordinal)
            ? line.Split(": ")[1].Trim()
            : asked.Output + asked.Error;
    }

    [GeneratedRegex(@"Cert Status: (\w+)")]
    private static partial Regex Status();

    [GeneratedRegex(@"Serial Number: (\w+)")]
    private static partial Regex Serials();
}
