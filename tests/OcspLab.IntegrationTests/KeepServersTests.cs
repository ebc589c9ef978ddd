using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary><c>ocsplab keep</c> beside HAProxy, Apache and whoever asks a responder.</summary>
public sealed class KeepServersTests : KeepBench
{
    [Fact]
    public async Task HAProxy_is_told_over_its_socket_without_a_reload()
    {
        var haproxy = Tool.Require("haproxy");
        var responder = await RespondAsync("--ndays", "1");
        await using var _ = responder;
        await File.WriteAllTextAsync(
            Folder["site.pem"],
            string.Concat(File.ReadAllText(Folder["fullchain.pem"]), File.ReadAllText(Folder["good.key"])),
            TestContext.Current.CancellationToken
        );
        await WriteJsonAsync(
            $$"""
            { "Certificate": "{{Folder["site.pem"]}}", "StapleFile": "{{Folder["site.pem.ocsp"]}}",
              "HaproxySocket": "{{Folder["admin.sock"]}}" }
            """,
            ""
        );
        var once = await KeepAsync("--once");
        // There is no HAProxy yet that could be told; the file that it starts with is there.
        Assert.Contains("HAProxy at", once.Output + once.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Folder["site.pem.ocsp"]));
        await File.WriteAllTextAsync(
            Folder["haproxy.cfg"],
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
        await using var server = new RunningProgram(haproxy, "-db", "-f", Folder["haproxy.cfg"]);
        await Poll.UntilAsync(
            async () =>
            {
                Assert.False(server.HasExited, server.Output + server.Error);
                return await FirstHandshakeAsync() == "good";
            },
            "HAProxy staples"
        );
        await Authority.RevokeAsync("good", "superseded");
        await using var keep = Keep();
        await Poll.UntilAsync(async () => await FirstHandshakeAsync() == "revoked", "the revocation", 60);
        Assert.False(server.HasExited);
    }

    [Fact, Trait("Ring", "long")]
    public async Task Exim_has_the_file_from_the_next_connection_on_and_goes_on_without_it()
    {
        var exim = Tool.Require("exim4");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "exim takes a configuration of ours from root only");
        var spool = Directory.CreateDirectory(Folder["spool"]);
        // It reads them as nobody.
        await Tool.RunAsync("chmod", "755", Folder.Path, Folder["site.key"], Folder["fullchain.pem"]);
        await Tool.RunAsync("chmod", "777", spool.FullName);
        await File.WriteAllTextAsync(
            Folder["exim.conf"],
            $"""
            exim_user = nobody
            exim_group = nogroup
            keep_environment =
            spool_directory = {spool.FullName}
            log_file_path = {spool.FullName}/%slog
            local_interfaces = 127.0.0.1
            daemon_smtp_ports = {ServerPort}
            {Snippet("exim")}
            """,
            TestContext.Current.CancellationToken
        );
        await WriteJsonAsync(
            $$"""
            { "Certificate": "{{Folder["fullchain.pem"]}}", "StapleFile": "{{Folder["staple.der"]}}",
              "Revoked": "Withhold" }
            """,
            ""
        );
        await using var server = new RunningProgram(
            exim,
            "-C",
            Folder["exim.conf"],
            "-bdf",
            "-oX",
            $"127.0.0.1:{ServerPort}"
        );
        await UntilAsync("none", "a handshake before keep");
        await using var responder = await RespondAsync("--nmin", "1");
        await using var keep = Keep();
        await UntilAsync("good", "the first staple");
        await Authority.RevokeAsync("good", "superseded");
        await UntilAsync("none", "the revocation, withheld");
        Assert.False(server.HasExited, server.Error);

        Task UntilAsync(string staple, string what) =>
            Poll.UntilAsync(async () => await FirstHandshakeAsync("-starttls", "smtp") == staple, what, 60);
    }

    [Fact]
    public async Task Apache_asks_it_and_never_the_authority()
    {
        var apache = Tool.Require("apache2");
        const string modules = "/usr/lib/apache2/modules";
        await WriteJsonAsync($$"""{ "Certificate": "{{Folder["fullchain.pem"]}}" }""", "");
        await using var keep = Keep();
        await using (await RespondAsync("--ndays", "1"))
            await Poll.UntilAsync(async () => await AskKeepAsync("good") == "good", "the first staple");

        // The authority is away by now.
        await File.WriteAllTextAsync(
            Folder["httpd.conf"],
            $"""
            ServerRoot {Folder.Path}
            ServerName good
            PidFile {Folder["httpd.pid"]}
            ErrorLog {Folder["error.log"]}
            LoadModule mpm_event_module {modules}/mod_mpm_event.so
            LoadModule authz_core_module {modules}/mod_authz_core.so
            LoadModule socache_shmcb_module {modules}/mod_socache_shmcb.so
            LoadModule ssl_module {modules}/mod_ssl.so
            Listen 127.0.0.1:{ServerPort}
            Mutex file:{Folder.Path}
            {(Environment.IsPrivilegedProcess ? "User www-data\nGroup www-data" : "")}
            {Snippet("apache")}
            SSLEngine on
            SSLCertificateFile {Folder["fullchain.pem"]}
            SSLCertificateKeyFile {Folder["good.key"]}

            """,
            TestContext.Current.CancellationToken
        );
        await using var server = new RunningProgram(apache, "-DFOREGROUND", "-f", Folder["httpd.conf"]);
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
        await WriteJsonAsync($$"""{ "Certificate": "{{Folder["fullchain.pem"]}}" }""", "");
        await using var responder = await RespondAsync("--ndays", "1");
        await using var keep = Keep();
        await Poll.UntilAsync(async () => await AskKeepAsync("good") == "good", "the first staple");
        Assert.Contains("unauthorized", await AskKeepAsync("bad"), StringComparison.Ordinal);
        var health = await Tool.RunAsync("curl", "-sS", $"http://127.0.0.1:{ServePort}/health");
        Assert.Contains("\"isHealthy\": true", health.Output, StringComparison.Ordinal);
        var metrics = await Tool.RunAsync("curl", "-sS", $"http://127.0.0.1:{ServePort}/metrics");
        Assert.Contains("ocsp_keep_staple_remaining", metrics.Output, StringComparison.Ordinal);
        var headers = await Tool.RunAsync(
            "curl",
            "-sSD-",
            "-o",
            Folder["got.der"],
            $"http://127.0.0.1:{ServePort}/{Uri.EscapeDataString(await QuestionAsync("good"))}"
        );
        Assert.Contains("Cache-Control: max-age=", headers.Output, StringComparison.Ordinal);
    }

    private async Task<string> QuestionAsync(string name)
    {
        await Authority.OpenSslAsync($"ocsp -issuer ca.pem -cert {name}.pem -no_nonce -reqout {name}.request");
        return Convert.ToBase64String(
            await File.ReadAllBytesAsync(Folder[$"{name}.request"], TestContext.Current.CancellationToken)
        );
    }
}
