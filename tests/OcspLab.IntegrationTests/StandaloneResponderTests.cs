using System.Net;
using System.Net.Sockets;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>
/// <c>ocsplab responder</c> in the place of <c>openssl ocsp -port</c>: a database of <c>openssl ca</c>, asked by
/// <c>openssl ocsp</c>.
/// </summary>
public sealed class StandaloneResponderTests : IAsyncLifetime
{
    private readonly int _port = Programs.FreePorts().Ports.Responder;
    private readonly OpenSslAuthority _authority;
    private readonly TempFolder _folder;

    public StandaloneResponderTests()
    {
        _authority = new OpenSslAuthority($"http://127.0.0.1:{_port}/");
        _folder = _authority.Folder;
    }

    public async ValueTask InitializeAsync()
    {
        await _authority.CreateAsync();
        await _authority.RevokeAsync("bad", "keyCompromise");
    }

    [Fact]
    public async Task It_says_what_openssls_responder_says_from_the_same_files()
    {
        await using var ours = await StartAsync("--index", "index.txt");
        var theirPort = Programs.FreePorts().Ports.Responder;
        await using var theirs = new RunningProgram(
            Tool.Require("openssl"),
            "ocsp",
            "-index",
            _folder["index.txt"],
            "-CA",
            _folder["ca.pem"],
            "-rsigner",
            _folder["ocsp.pem"],
            "-rkey",
            _folder["ocsp.key"],
            "-port",
            $"{theirPort}"
        );
        await Poll.UntilAsync(
            async () => (await AskAsync(theirPort, "good")).Contains("good", StringComparison.Ordinal),
            "openssl's responder answers"
        );
        foreach (
            var (name, expected) in ((string, string)[])
                [("good", "good"), ("bad", "revoked, keyCompromise"), ("ocsp", "good")]
        )
        {
            Assert.Equal(expected, await AskAsync(_port, name));
            Assert.Equal(expected, await AskAsync(theirPort, name));
        }

        await _authority.RevokeAsync("good", "superseded");
        await Poll.UntilAsync(async () => await AskAsync(_port, "good") == "revoked, superseded", "the revocation");
        theirs.Kill();
        ours.Interrupt();
        Assert.Equal(0, await ours.WaitAsync());
        Assert.Contains("POST 008001 good", ours.Output, StringComparison.Ordinal);
        Assert.Contains("\nanswered ", ours.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_answers_over_a_crl()
    {
        await _authority.OpenSslAsync("ca -config ca.cnf -cert ca.pem -keyfile ca.key -gencrl -out ca.crl");
        await using var responder = await StartAsync("--crl", "ca.crl");
        Assert.Equal("good", await AskAsync(_port, "good"));
        Assert.Equal("revoked, keyCompromise", await AskAsync(_port, "bad"));
    }

    [Fact]
    public async Task Nine_hundred_idle_connections_leave_it_few_files_and_keep_nobody_out()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a limit of open files, and addresses of one's own, are Linux's");
        await using var responder = await _authority.RespondAsync(_port, "--index", "index.txt", openFiles: 400);
        var idle = new List<Socket>();
        try
        {
            for (var number = 0; number < 900; number++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                idle.Add(socket);
                socket.Bind(new IPEndPoint(IPAddress.Parse($"127.0.2.{1 + number % 200}"), 0));
                try
                {
                    await socket.ConnectAsync(IPAddress.Loopback, _port, TestContext.Current.CancellationToken);
                }
                catch (SocketException)
                {
                    // There was no room.
                }
            }

            Assert.False(responder.HasExited, responder.Output + responder.Error);
            await Poll.UntilAsync(async () => await AskAsync(_port, "good") == "good", "the room that idle ones make");
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }

        Assert.False(responder.HasExited, responder.Output + responder.Error);
    }

    [Theory]
    [InlineData("file:{0}/password.txt")]
    [InlineData("pass:open sesame")]
    public async Task An_encrypted_key_is_opened(string source)
    {
        await File.WriteAllTextAsync(_folder["password.txt"], "open sesame\n", TestContext.Current.CancellationToken);
        await _authority.OpenSslAsync("pkcs8 -topk8 -in ocsp.key -out encrypted.key -passout file:password.txt");
        await using var responder = await StartAsync(
            "--index",
            "index.txt",
            "encrypted.key",
            "--passin",
            source.Replace("{0}", _folder.Path, StringComparison.Ordinal)
        );
        Assert.Equal("good", await AskAsync(_port, "good"));
    }

    [Theory]
    [InlineData(
        "--index index.txt --ca ca.pem --rsigner good.pem --rkey good.key",
        78,
        "good.pem cannot sign for 'CN=Drop-in_CA': signer_without_ocsp_signing"
    )]
    [InlineData(
        "--index index.txt --ca ca.pem --rsigner ocsp.pem --rkey good.key",
        78,
        "good.key cannot be opened, or is not the key of ocsp.pem"
    )]
    [InlineData(
        "--index ca.cnf --ca ca.pem --rsigner ocsp.pem --rkey ocsp.key",
        78,
        "is not an index.txt of 'openssl ca': line 1"
    )]
    [InlineData("--index missing.txt --ca ca.pem --rsigner ocsp.pem --rkey ocsp.key", 78, "missing.txt")]
    [InlineData("--index index.txt", 64, "--index and --crl want --ca and --rsigner as well.")]
    [InlineData(
        "--index index.txt --crl ca.crl --ca ca.pem --rsigner ocsp.pem",
        64,
        "Give --index or --crl, not both."
    )]
    [InlineData(
        "--index index.txt --ca ca.pem --rsigner ocsp.pem --address here",
        64,
        "--address is an IP address, not 'here'."
    )]
    [InlineData(
        "--index index.txt --ca ca.pem --rsigner ocsp.pem --nmin 0",
        64,
        "--nmin is a number from 1 to 14400, not '0'."
    )]
    public async Task A_slip_is_one_line_on_standard_error(string arguments, int exitCode, string why)
    {
        var result = await Tool.RunAsync(
            "dotnet",
            [Programs.Cli, "responder", .. arguments.Split(' '), "--port", $"{_port}"],
            _folder.Path,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(why, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        await using var first = await StartAsync("--index", "index.txt");
        var second = await Tool.RunAsync(
            "dotnet",
            [
                Programs.Cli,
                "responder",
                "--index",
                _folder["index.txt"],
                "--ca",
                _folder["ca.pem"],
                "--rsigner",
                _folder["ocsp.pem"],
                "--rkey",
                _folder["ocsp.key"],
                "--port",
                $"{_port}",
            ],
            null,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(69, second.ExitCode);
        Assert.Contains($"Port {_port} of 127.0.0.1 cannot be had", second.Error, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync()
    {
        _authority.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task<RunningProgram> StartAsync(
        string kind,
        string source,
        string key = "ocsp.key",
        params string[] more
    ) => _authority.RespondAsync(_port, kind, source, key, more);

    /// <summary>What openssl's client reads, its signature verified.</summary>
    private async Task<string> AskAsync(int port, string name)
    {
        var result = await Tool.RunInAsync(
            _folder.Path,
            "openssl",
            "ocsp",
            "-issuer",
            "ca.pem",
            "-cert",
            $"{name}.pem",
            "-url",
            $"http://127.0.0.1:{port}",
            "-CAfile",
            "ca.pem"
        );
        if (!result.Error.Contains("Response verify OK", StringComparison.Ordinal))
            return result.Error;
        var reason = result
            .Output.Split('\n')
            .FirstOrDefault(line => line.Contains("Reason: ", StringComparison.Ordinal))
            ?.Split("Reason: ")[1];
        return result.Output.Split('\n')[0].Split(": ")[1].Trim() + (reason is null ? "" : $", {reason.Trim()}");
    }
}
