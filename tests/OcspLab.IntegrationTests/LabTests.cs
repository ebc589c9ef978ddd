using System.Text.Json;
using System.Text.RegularExpressions;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>The lab as a person meets it, with other people's clients.</summary>
public sealed partial class LabTests(LabFixture lab) : IClassFixture<LabFixture>
{
    public static TheoryData<string, string> ServersAndVersions { get; } =
        new MatrixTheoryData<string, string>(["kestrel", "kestrel-builtin", "nginx"], ["1.2", "1.3"]);

    [Fact, Trait("Rule", "S2")]
    public void Kestrels_first_handshake_was_stapled()
    {
        // The lab shakes hands once before it says ready; "at handshake N" would follow if the first had not been
        // enough.
        var line = lab
            .Output.Split('\n')
            .Single(text => text.TrimStart().StartsWith("kestrel ", StringComparison.Ordinal));
        Assert.Contains("stapled good; this project's stapling", line, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(ServersAndVersions))]
    public async Task Openssl_sees_a_good_staple(string server, string version)
    {
        var tls = version == "1.2" ? "tls1_2" : "tls1_3";
        var result = await Tool.ShellAsync(
            lab.PkiFolder,
            $"openssl s_client -connect 127.0.0.1:{PortOf(server)} -servername echocert.lab -status -{tls} -CAfile "
                + $"root_ca/CA/rsa_ca.crt </dev/null"
        );
        Assert.Contains("OCSP Response Status: successful (0x0)", result.Output, StringComparison.Ordinal);
        Assert.Contains("Cert Status: good", result.Output, StringComparison.Ordinal);
        Assert.Contains("Verify return code: 0 (ok)", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(ServersAndVersions))]
    public async Task Inspect_verifies_what_the_server_sends(string server, string version)
    {
        var staple = Path.Combine(lab.Folder, $"{server}-{version}.der");
        var result = await Programs.OcspLabAsync(
            "inspect",
            $"127.0.0.1:{PortOf(server)}",
            "--servername",
            "echocert.lab",
            "--tls",
            version,
            "--ca",
            Path.Combine(lab.PkiFolder, "root_ca/CA/rsa_ca.crt"),
            "--out",
            staple,
            "--json"
        );
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        using var json = JsonDocument.Parse(result.Output);
        Assert.Equal($"TLSv{version}", json.RootElement.GetProperty("handshake").GetProperty("protocol").GetString());
        Assert.Equal("good", json.RootElement.GetProperty("staple").GetProperty("verdict").GetString());
        Assert.False(json.RootElement.GetProperty("mustStaple").GetBoolean());

        var openssl = await Tool.RunInAsync(
            lab.PkiFolder,
            "openssl",
            "ocsp",
            "-respin",
            staple,
            "-issuer",
            "intermediate_ca/CA/rsa_ca.crt",
            "-cert",
            "user_certs/echo/rsa_echo.crt",
            "-CAfile",
            "ca-chain.pem",
            "-no_nonce"
        );
        Assert.Contains("Response verify OK", openssl.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_says_all_that_there_is_to_know_of_a_server()
    {
        var result = await Programs.OcspLabAsync(
            "inspect",
            $"127.0.0.1:{lab.Ports.Kestrel}",
            "--servername",
            "echocert.lab"
        );
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        var rows = result.Output.Split('\n').Select(line => LongSpaces().Replace(line.Trim(), " | ")).ToArray();
        Assert.Equal("staple | good", rows[0]);
        Assert.Contains("must-staple | no", rows);
        Assert.Contains(rows, row =>
            row.StartsWith("life | ", StringComparison.Ordinal) && row.EndsWith(" left", StringComparison.Ordinal)
        );
        Assert.Contains(rows, row => row.StartsWith("chain 0 | CN=echocert.lab", StringComparison.Ordinal));
        Assert.Contains("issued by | CN=OcspLab Intermediate CA, O=OcspLab", rows);
        Assert.Contains("key | RSA-2048, signed with sha256RSA", rows);
        Assert.Contains($"responder | http://ocsp.servicelab.com:{lab.Ports.Responder}", rows);
        Assert.Contains(rows, row => row.StartsWith("chain 1 | ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connect_is_what_a_dotnet_client_does()
    {
        var target = $"127.0.0.1:{lab.Ports.Kestrel}";
        var root = Path.Combine(lab.PkiFolder, "root_ca/CA/rsa_ca.crt");
        var connected = await Programs.OcspLabAsync("connect", target, "--servername", "echocert.lab", "--ca", root);
        Assert.Equal((0, "connects"), (connected.ExitCode, connected.Output.Trim()));
        var stranger = await Programs.OcspLabAsync(
            "connect",
            target,
            "--servername",
            "echocert.lab",
            "--revocation",
            "none"
        );
        Assert.Equal(1, stranger.ExitCode);
        var misnamed = await Programs.OcspLabAsync(
            "connect",
            target,
            "--servername",
            "other.example",
            "--ca",
            root,
            "--revocation",
            "none"
        );
        Assert.Equal((1, "RemoteCertificateNameMismatch"), (misnamed.ExitCode, misnamed.Error.Trim()));
        var nobody = await Programs.OcspLabAsync("connect", $"127.0.0.1:{FreePort.Find()}");
        Assert.Equal(69, nobody.ExitCode);
    }

    [Theory]
    [InlineData("kestrel")]
    [InlineData("nginx")]
    public async Task Curl_insists_on_the_staple_and_is_content(string server) =>
        Assert.Equal(0, await lab.CurlAsync(PortOf(server)));

    [Theory]
    [InlineData("kestrel")]
    [InlineData("nginx")]
    public async Task Gnutls_is_content(string server)
    {
        var result = await Tool.ShellAsync(
            lab.PkiFolder,
            $"{Tool.Require("gnutls-cli")} --port {PortOf(server)} --verify-hostname echocert.lab --sni-hostname "
                + $"echocert.lab --x509cafile root_ca/CA/rsa_ca.crt 127.0.0.1 </dev/null"
        );
        Assert.True(result.ExitCode == 0, result.Output);
        Assert.Contains("OCSP status request", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kestrel")]
    [InlineData("nginx")]
    public async Task The_articles_own_command_works_from_the_pki_folder(string server)
    {
        // Its address and port are the lab's; the stray quote at its end is left out.
        var result = await Tool.ShellAsync(
            lab.PkiFolder,
            $"""
            openssl s_client -connect 127.0.0.1:{PortOf(server)} -status \
                             -servername echocert.lab -CAfile root_ca/CA/rsa_ca.crt \
                             -cert user_certs/echo/rsa_echo.crt \
                             -key user_certs/echo/private/rsa_echo_encrypted.key \
                             -pass pass:$(< user_certs/echo/private/password.txt) </dev/null
            """
        );
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("OCSP Response Status: successful (0x0)", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_sites_page_shows_its_staple()
    {
        var page = (await Tool.RunAsync("curl", "-sk", $"https://127.0.0.1:{lab.Ports.Kestrel}/")).Output;
        Assert.Contains("<span class=\"good\">good</span>", page, StringComparison.Ordinal);
        Assert.Contains($"http://ocsp.servicelab.com:{lab.Ports.Responder}", page, StringComparison.Ordinal);
        Assert.Equal(
            "Healthy",
            (await Tool.RunAsync("curl", "-sk", $"https://127.0.0.1:{lab.Ports.Kestrel}/health")).Output
        );
    }

    [Fact, Trait("Rule", "S10")]
    public async Task A_revocation_and_its_end_reach_kestrel_within_seconds_and_nginx_as_nginx_does_it()
    {
        var revoke = await lab.OcspLabAsync(
            "pki",
            "revoke",
            "echo",
            "--at",
            "2026-01-02T03:04Z",
            "--invalid-since",
            "2026-01-01T00:00Z"
        );
        Assert.Matches(@"^echo \([0-9a-f]+\): revoked 2026-01-02 03:04:00.*, KeyCompromise", revoke.Output);
        await Poll.UntilAsync(async () => await InspectAsync(lab.Ports.Kestrel) == 1, "Kestrel staples revoked");
        Assert.Equal(91, await lab.CurlAsync(lab.Ports.Kestrel));
        if (lab.HasNginx)
        {
            // It keeps what it has, and when it has nothing, staples nothing rather than revoked.
            Assert.Equal(0, await lab.CurlAsync(lab.Ports.Nginx));
            await RestartNginxAsync();
            await Poll.UntilAsync(
                async () =>
                    await InspectAsync(lab.Ports.Nginx) == 4
                    && NginxLog()
                        .Contains("certificate status \"revoked\" in the OCSP response", StringComparison.Ordinal),
                "nginx withholds revoked"
            );
        }

        Assert.Matches(@"^echo \([0-9a-f]+\): good", (await lab.OcspLabAsync("pki", "restore", "echo")).Output);
        await Poll.UntilAsync(async () => await lab.CurlAsync(lab.Ports.Kestrel) == 0, "Kestrel staples good again");
        if (lab.HasNginx)
        {
            await RestartNginxAsync();
            await Poll.UntilAsync(async () => await lab.CurlAsync(lab.Ports.Nginx) == 0, "nginx staples good again");
        }

        string NginxLog() =>
            File.ReadAllText(Path.Combine(lab.Folder, "nginx/logs/error.log"))
            + File.ReadAllText(Path.Combine(lab.Folder, "nginx/logs/echocert_error.log"));
    }

    [Fact, Trait("Rule", "S7")]
    public async Task An_outage_of_the_responder_is_invisible_and_its_end_is_noticed()
    {
        Assert.Equal("stopped", (await lab.OcspLabAsync("responder", "stop")).Output.Trim());
        await Poll.UntilAsync(
            () => KestrelLog().Contains("No new staple for", StringComparison.Ordinal),
            "Kestrel notices"
        );
        Assert.Equal(0, await lab.CurlAsync(lab.Ports.Kestrel));
        if (lab.HasNginx)
            Assert.Equal(0, await lab.CurlAsync(lab.Ports.Nginx));
        Assert.Equal("started", (await lab.OcspLabAsync("responder", "start")).Output.Trim());
        await Poll.UntilAsync(
            () => KestrelLog().Contains("answers again", StringComparison.Ordinal),
            "Kestrel refreshes"
        );
        Assert.Equal(0, await lab.CurlAsync(lab.Ports.Kestrel));
        Assert.Matches(GoodCount(), (await lab.OcspLabAsync("responder", "requests")).Output);

        string KestrelLog() => File.ReadAllText(Path.Combine(lab.Folder, "logs/kestrel.log"));
    }

    [Fact]
    public async Task A_certificate_issued_while_the_lab_runs_is_known_to_its_responder_at_once()
    {
        var issue = await lab.OcspLabAsync("pki", "issue", "bob", "--kind", "Person");
        Assert.True(issue.ExitCode == 0, issue.Error);
        var folder = lab.PkiFolder;
        var result = await Tool.RunInAsync(
            folder,
            "openssl",
            "ocsp",
            "-issuer",
            "intermediate_ca/CA/rsa_ca.crt",
            "-cert",
            "user_certs/bob/rsa_bob.crt",
            "-url",
            $"http://127.0.0.1:{lab.Ports.Responder}",
            "-CAfile",
            "ca-chain.pem"
        );
        Assert.Contains("rsa_bob.crt: good", result.Output, StringComparison.Ordinal);
        Assert.Contains("bob", (await lab.OcspLabAsync("pki", "list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task For_other_servers_pki_issue_names_the_command_that_keeps_a_staple_of_what_was_issued()
    {
        using var folder = new TempFolder();
        var issued = await lab.OcspLabAsync("pki", "issue", "--dns", "kept.test", "--out", folder.Path);
        Assert.True(issued.ExitCode == 0, issued.Error);
        var staple = folder["staple.der"];
        string[] named = KeepArguments().Match(issued.Output).Groups[1].Value.Split(' ');
        Assert.Contains("staple.der", named);
        var kept = await Programs.OcspLabAsync([
            "keep",
            .. named.Select(word => word == "staple.der" ? staple : word),
            "--state",
            folder["state"],
            "--once",
        ]);
        Assert.True(kept.ExitCode == 0, kept.Output + kept.Error);
        Assert.True(File.Exists(staple), "no staple in the file");
    }

    [Fact]
    public async Task Watching_says_what_changes_and_nothing_else()
    {
        await using var watch = new RunningProgram([
            "dotnet",
            Programs.Cli,
            "inspect",
            $"127.0.0.1:{lab.Ports.KestrelBuiltIn}",
            "--servername",
            "echocert.lab",
            "--watch",
            "--every",
            "00:00:00.2",
        ]);
        await Poll.UntilAsync(
            () => watch.HasExited || watch.Output.Contains(" good, ", StringComparison.Ordinal),
            "the first look"
        );
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        Assert.True(watch.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length < 4, watch.Output);
        watch.Interrupt();
        Assert.Equal(0, await watch.WaitAsync());
    }

    [Fact]
    public async Task A_second_lab_in_the_same_folder_is_refused()
    {
        var second = await lab.OcspLabAsync("up");
        Assert.Equal(69, second.ExitCode);
        Assert.Contains("Another lab runs in", second.Error, StringComparison.Ordinal);
    }

    private async Task RestartNginxAsync()
    {
        Assert.Equal("nginx restarted", (await lab.OcspLabAsync("nginx", "restart")).Output.Trim());
        await Poll.UntilAsync(async () => await InspectAsync(lab.Ports.Nginx) is 0 or 1 or 4, "nginx is back");
        Assert.Contains("nginx is restarted on request", lab.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("nginx ended", lab.Error, StringComparison.Ordinal);
    }

    private static async Task<int> InspectAsync(int port) =>
        (await Programs.OcspLabAsync("inspect", $"127.0.0.1:{port}", "--servername", "echocert.lab")).ExitCode;

    private int PortOf(string server)
    {
        if (server == "nginx")
            lab.RequireNginx();
        return server switch
        {
            "nginx" => lab.Ports.Nginx,
            "kestrel" => lab.Ports.Kestrel,
            _ => lab.Ports.KestrelBuiltIn,
        };
    }

    [GeneratedRegex(" {2,}")]
    private static partial Regex LongSpaces();

    [GeneratedRegex(@" keep (--cert .*)")]
    private static partial Regex KeepArguments();

    [GeneratedRegex(@"GET +good +\d+")]
    private static partial Regex GoodCount();
}
