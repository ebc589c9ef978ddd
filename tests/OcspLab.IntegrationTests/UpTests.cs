using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>Starting, stopping, and everything that can be wrong before.</summary>
public sealed partial class UpTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly LabPorts _ports;
    private readonly string[] _options;

    public UpTests() => (_ports, _options) = Programs.FreePorts();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ctrl_c_leaves_no_process_and_no_port_behind()
    {
        await using var lab = new RunningProgram(["dotnet", Programs.Cli, .. Arguments(), "--nginx", "process"]);
        await Programs.ReadyAsync(lab);
        var nginx = NginxLeftover.FindProcess(_folder["nginx"]);
        lab.Interrupt();
        Assert.Equal(0, await lab.WaitAsync());
        Assert.All(
            _ports.All,
            port => Assert.True(PortCheck.Refusal(port) is null, $"port {port.Number} of {port.Resource}")
        );
        if (nginx is { } processId)
            Assert.False(Directory.Exists($"/proc/{processId}"), "nginx is still there");
    }

    [Fact]
    public async Task The_apphost_comes_up_and_goes_down_by_itself()
    {
        await using var host = new RunningProgram([
            "dotnet",
            Programs.AppHost,
            "--lab",
            _folder.Path,
            "--for",
            "00:00:02",
            .. _options,
        ]);
        Assert.Equal(0, await host.WaitAsync(120));
        Assert.Contains("\nready", host.Output, StringComparison.Ordinal);
        foreach (var resource in (string[])["pki", "dns", "responder", "kestrel", "kestrel-builtin", "nginx"])
            Assert.Contains(
                host.Output.Split('\n'),
                line => line.TrimStart().StartsWith(resource + " ", StringComparison.Ordinal)
            );
    }

    [Fact]
    public async Task After_a_kill_the_next_lab_ends_the_nginx_that_was_left()
    {
        await using (var lab = new RunningProgram(["dotnet", Programs.Cli, .. Arguments(), "--nginx", "process"]))
        {
            await Programs.ReadyAsync(lab);
            Assert.SkipUnless(
                lab.Output.Contains($"https://127.0.0.1:{_ports.Nginx}", StringComparison.Ordinal),
                "nginx is not installed and its package could not be unpacked"
            );
            lab.Kill();
            await lab.WaitAsync();
        }

        var left = NginxLeftover.FindProcess(_folder["nginx"]);
        Assert.NotNull(left);
        await using var next = new RunningProgram([
            "dotnet",
            Programs.Cli,
            .. Arguments(),
            "--nginx",
            "off",
            "--for",
            "00:00:01",
        ]);
        Assert.True(await next.WaitAsync(120) == 0, next.Error);
        Assert.False(Directory.Exists($"/proc/{left}"), "the old nginx is still there");
    }

    [Fact]
    public async Task Events_for_scripts_are_one_json_document_a_line()
    {
        var result = await Programs.OcspLabAsync([.. Arguments(), "--nginx", "off", "--json", "--for", "00:00:01"]);
        Assert.True(result.ExitCode == 0, result.Error);
        var events = result
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToArray();
        Assert.Equal(
            ["ready", "stopping", "stopped"],
            events
                .Select(@event => @event.GetProperty("event").GetString())
                .Where(name => name is not ("resource" or "message"))
        );
        var last = events
            .Where(@event => @event.GetProperty("event").GetString() == "resource")
            .GroupBy(@event => @event.GetProperty("name").GetString())
            .ToDictionary(group => group.Key!, group => group.Last().GetProperty("state").GetString());
        Assert.All(
            LabTopology.Resources,
            name => Assert.Equal(name == LabTopology.Nginx ? "off" : "ready", last[name])
        );
    }

    [Fact]
    public async Task At_a_terminal_keys_command_the_lab()
    {
        await using var lab = await AtTerminalAsync();
        lab.Type("r");
        await Poll.UntilAsync(
            () => lab.Output.Contains("echo is revoked", StringComparison.Ordinal),
            "the key for revoke"
        );
        lab.Type("u");
        await Poll.UntilAsync(
            () => Regex.IsMatch(lab.Output, @"echocert\.lab \(serial [0-9a-f]+\): revoked"),
            "the key for refresh"
        );
        lab.Type("q");
        Assert.Equal(0, await lab.WaitAsync());
    }

    [Fact]
    public async Task A_lab_ends_in_time_though_somebody_looks_at_the_faults()
    {
        await using var lab = await AtTerminalAsync("--for", "00:00:05");
        lab.Type("f");
        Assert.Equal(0, await lab.WaitAsync());
        Assert.Contains("misbehave", lab.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(120)]
    public async Task Its_table_fits_the_terminal(int columns)
    {
        await using var lab = await AtTerminalAsync(columns, "--for", "00:00:02");
        Assert.Equal(0, await lab.WaitAsync());
        var lines = EscapeSequence().Replace(lab.Output, "").Split('\n').Select(line => line.TrimEnd()).ToArray();
        Assert.Matches($@"^  kestrel-builtin   https://127\.0\.0\.1:\d+   ready", lines.Last(IsRowOfBuiltIn));
        Assert.All(lines, line => Assert.True(line.Length <= columns, line));
        Assert.Contains(lines, line => line.Contains(" inspect 127.0.0.1:", StringComparison.Ordinal));

        static bool IsRowOfBuiltIn(string line) => line.StartsWith("  kestrel-builtin ", StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_container_left_does_not_stop_a_lab_where_its_runtime_is_gone()
    {
        Directory.CreateDirectory(_folder["nginx"]);
        await File.WriteAllTextAsync(
            _folder["nginx/container"],
            "docker\nocsplab-nginx-00000000\n",
            TestContext.Current.CancellationToken
        );
        using var empty = new TempFolder();
        await using var lab = new RunningProgram([
            "env",
            $"PATH={empty.Path}",
            DotnetPath(),
            Programs.Cli,
            .. Arguments(),
            "--nginx",
            "off",
            "--for",
            "00:00:01",
        ]);
        Assert.True(await lab.WaitAsync(120) == 0, lab.Error);
        // It may come back, and then what is left is to be removed.
        Assert.True(File.Exists(_folder["nginx/container"]));
    }

    [Fact]
    public async Task What_no_longer_does_what_it_is_for_is_reported_and_what_does_again_too()
    {
        await using var lab = new RunningProgram(["dotnet", Programs.Cli, .. Arguments(), "--nginx", "off"]);
        await Programs.ReadyAsync(lab);
        Assert.Equal(
            "stopped",
            (await Programs.OcspLabAsync("responder", "stop", "--lab", _folder.Path)).Output.Trim()
        );
        await Poll.UntilAsync(
            () => lab.Error.Contains("responder: degraded", StringComparison.Ordinal),
            "the closed port is reported"
        );
        Assert.Contains("its OCSP port is closed on purpose", lab.Error, StringComparison.Ordinal);
        Assert.Equal(
            "started",
            (await Programs.OcspLabAsync("responder", "start", "--lab", _folder.Path)).Output.Trim()
        );
        await Poll.UntilAsync(
            () => lab.Error.Contains("responder: ready", StringComparison.Ordinal),
            "the open port is reported"
        );
        await Programs.OcspLabAsync("responder", "fault", "badSignature", "--lab", _folder.Path);
        await Poll.UntilAsync(
            () => lab.Error.Contains("misbehaves on purpose: badSignature", StringComparison.Ordinal),
            "the fault is reported"
        );
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_the_option_that_moves_it()
    {
        using var other = new TcpListener(IPAddress.Loopback, _ports.Kestrel);
        other.Start();
        await FailsAsync(69, $"Port {_ports.Kestrel} of 'kestrel' is in use", "--kestrel-port");
    }

    [Fact]
    public async Task A_broken_certificate_file_is_named()
    {
        await MakePkiAsync();
        await File.WriteAllTextAsync(
            _folder["pki/user_certs/echo/rsa_echo.crt"],
            "nonsense",
            TestContext.Current.CancellationToken
        );
        await FailsAsync(78, "pki/user_certs/echo/rsa_echo.crt is not a readable certificate");
    }

    [Fact]
    public async Task A_wrong_key_password_is_named()
    {
        await MakePkiAsync();
        await File.WriteAllTextAsync(
            _folder["pki/user_certs/echo/private/password.txt"],
            "wrong\n",
            TestContext.Current.CancellationToken
        );
        await FailsAsync(78, "rsa_echo_encrypted.key cannot be opened with the password in");
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_named()
    {
        await File.WriteAllTextAsync(_folder["file"], "", TestContext.Current.CancellationToken);
        var result = await Programs.OcspLabAsync(["up", "--lab", _folder["file/lab"], .. _options]);
        Assert.Equal(73, result.ExitCode);
        Assert.Contains("file/lab cannot be written", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_ocsp_url_the_lab_runs_and_says_that_nothing_is_stapled()
    {
        var result = await Programs.OcspLabAsync([.. Arguments(), "--ocsp-url", "none", "--for", "00:00:01"]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("not stapled; this project's stapling", result.Output, StringComparison.Ordinal);
        Assert.Contains(
            "names no OCSP responder",
            await File.ReadAllTextAsync(_folder["logs/kestrel.log"], TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        if (result.Output.Contains($"https://127.0.0.1:{_ports.Nginx}", StringComparison.Ordinal))
            Assert.Contains(
                "\"ssl_stapling\" ignored, no OCSP responder URL in the certificate",
                result.Error,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public async Task Where_nginx_cannot_be_had_the_lab_runs_without_unless_it_was_asked_for()
    {
        // A PATH with nothing but what the lab itself needs, a cache that is empty, and no apt.
        using var empty = new TempFolder();
        Assert.SkipWhen(File.Exists("/usr/sbin/nginx"), "nginx is installed: it would be found");
        string[] withoutApt = ["env", $"PATH={empty.Path}", $"XDG_CACHE_HOME={empty.Path}", DotnetPath(), Programs.Cli];
        await using (var lab = new RunningProgram([.. withoutApt, .. Arguments(), "--for", "00:00:01"]))
        {
            Assert.True(await lab.WaitAsync() == 0, lab.Error);
            Assert.Contains("Install nginx", lab.Output, StringComparison.Ordinal);
        }

        await using var asked = new RunningProgram([.. withoutApt, .. Arguments(), "--nginx", "process"]);
        Assert.Equal(69, await asked.WaitAsync());
        Assert.Contains("Install nginx", asked.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("up", "--nginx", "sometimes")]
    [InlineData("up", "--kestrel-port", "70000")]
    [InlineData("up", "--for", "soon")]
    [InlineData("inspect")]
    [InlineData("inspect", "host:no-port")]
    [InlineData("inspect", "127.0.0.1:1", "--tls", "1.1")]
    [InlineData("pki", "revoke")]
    [InlineData("nonsense")]
    public async Task A_wrong_command_line_is_64_with_a_hint(params string[] arguments)
    {
        var result = await Programs.OcspLabAsync(arguments);
        Assert.Equal(64, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains("--help", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_69()
    {
        var result = await Programs.OcspLabAsync("inspect", $"127.0.0.1:{_ports.Kestrel}");
        Assert.Equal(69, result.ExitCode);
        Assert.Contains("cannot be reached", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lab_that_is_not_there_is_not_made_by_asking_it()
    {
        var result = await Programs.OcspLabAsync("pki", "revoke", "echo", "--lab", _folder["none"]);
        Assert.Equal(64, result.ExitCode);
        Assert.Contains("There is no lab in", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["none"]));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("up", "--help")]
    [InlineData("inspect", "--help")]
    [InlineData("pki", "--help")]
    [InlineData("doctor", "--help")]
    public async Task Help_has_examples(params string[] arguments)
    {
        var result = await Programs.OcspLabAsync(arguments);
        Assert.Equal(0, result.ExitCode);
        if (arguments.Length > 1)
            Assert.Contains("Example", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_names_every_port_and_tool()
    {
        var result = await Programs.OcspLabAsync(["doctor", .. _options]);
        Assert.Equal(0, result.ExitCode);
        Assert.All(_ports.All, port => Assert.Contains($"port {port.Number}", result.Output, StringComparison.Ordinal));
        Assert.All(
            (string[])["nginx", "container runtime", "openssl", "curl"],
            tool => Assert.Contains(tool, result.Output, StringComparison.Ordinal)
        );
    }

    private Task<RunningProgram> AtTerminalAsync(params string[] options) => AtTerminalAsync(100, options);

    // A terminal of its own, out of util-linux.
    private async Task<RunningProgram> AtTerminalAsync(int columns, params string[] options)
    {
        var command = Programs.Quote(["dotnet", Programs.Cli, .. Arguments(), "--nginx", "off", .. options]);
        var lab = new RunningProgram(
            Tool.Require("script"),
            "--quiet",
            "--return",
            "--flush",
            "--command",
            // As the wrapper calls it; its path may be longer than a line.
            $"export OCSPLAB_COMMAND=./ocsplab; stty cols {columns} rows 40; exec {command}",
            "/dev/null"
        );
        await Poll.UntilAsync(
            () => lab.HasExited || lab.Output.Contains("refresh", StringComparison.Ordinal),
            "the lab is ready",
            120
        );
        Assert.False(lab.HasExited, lab.Output);
        return lab;
    }

    private string[] Arguments() => ["up", "--lab", _folder.Path, .. _options];

    private Task<ToolResult> MakePkiAsync() =>
        Programs.OcspLabAsync("pki", "init", "--lab", _folder.Path, "--responder-port", $"{_ports.Responder}");

    private async Task FailsAsync(int exitCode, params string[] parts)
    {
        var result = await Programs.OcspLabAsync(Arguments());
        Assert.True(result.ExitCode == exitCode, result.Error);
        var line = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    private static string DotnetPath() =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet"
            ? path
            : File.ResolveLinkTarget(Tool.Find("dotnet")!, returnFinalTarget: true)?.FullName ?? Tool.Find("dotnet")!;

    [GeneratedRegex(@"\e\[[0-9;?]*[A-Za-z]|\r")]
    private static partial Regex EscapeSequence();
}
