using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>
/// <c>ocsplab responder</c> in the place of <c>openssl ocsp -port</c>: a database of <c>openssl ca</c>, asked by
/// <c>openssl ocsp</c>.
/// </summary>
public sealed class StandaloneResponderTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly int _port = Programs.FreePorts().Ports.Responder;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(
            _folder["ca.cnf"],
            $"""
            [ca]
            default_ca = lab
            [lab]
            database = {_folder["index.txt"]}
            serial = {_folder["serial"]}
            crlnumber = {_folder["crlnumber"]}
            new_certs_dir = {_folder.Path}
            default_md = sha256
            default_days = 30
            default_crl_days = 7
            policy = any
            [any]
            commonName = supplied
            [ocsp]
            extendedKeyUsage = OCSPSigning
            keyUsage = digitalSignature
            1.3.6.1.5.5.7.48.1.5 = DER:0500
            """,
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(_folder["index.txt"], "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_folder["serial"], "8000", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_folder["crlnumber"], "01", TestContext.Current.CancellationToken);
        await OpenSslAsync(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj "
                + "/CN=Drop-in_CA -days 60 -addext keyUsage=critical,keyCertSign,cRLSign"
        );
        foreach (
            var (name, extensions) in ((string, string)[])[("ocsp", "-extensions ocsp"), ("good", ""), ("bad", "")]
        )
            await IssueAsync(name, extensions);
        await OpenSslAsync("ca -config ca.cnf -cert ca.pem -keyfile ca.key -revoke bad.pem -crl_reason keyCompromise");
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

        await OpenSslAsync("ca -config ca.cnf -cert ca.pem -keyfile ca.key -revoke good.pem -crl_reason superseded");
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
        await OpenSslAsync("ca -config ca.cnf -cert ca.pem -keyfile ca.key -gencrl -out ca.crl");
        await using var responder = await StartAsync("--crl", "ca.crl");
        Assert.Equal("good", await AskAsync(_port, "good"));
        Assert.Equal("revoked, keyCompromise", await AskAsync(_port, "bad"));
    }

    [Theory]
    [InlineData("file:{0}/password.txt")]
    [InlineData("pass:open sesame")]
    public async Task An_encrypted_key_is_opened(string source)
    {
        await File.WriteAllTextAsync(_folder["password.txt"], "open sesame\n", TestContext.Current.CancellationToken);
        await OpenSslAsync("pkcs8 -topk8 -in ocsp.key -out encrypted.key -passout file:password.txt");
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
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<RunningProgram> StartAsync(
        string kind,
        string source,
        string key = "ocsp.key",
        params string[] more
    )
    {
        var program = new RunningProgram([
            "dotnet",
            Programs.Cli,
            "responder",
            kind,
            _folder[source],
            "--ca",
            _folder["ca.pem"],
            "--rsigner",
            _folder["ocsp.pem"],
            "--rkey",
            _folder[key],
            "--port",
            $"{_port}",
            .. more,
        ]);
        await Poll.UntilAsync(
            () => program.HasExited || program.Output.Contains("listening on", StringComparison.Ordinal),
            "the responder listens"
        );
        Assert.False(program.HasExited, program.Output + program.Error);
        return program;
    }

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

    private async Task IssueAsync(string name, string extensions)
    {
        await OpenSslAsync(
            $"req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -out {name}.csr -subj "
                + $"/CN={name}"
        );
        await OpenSslAsync(
            $"ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in {name}.csr -out {name}.pem {extensions}"
        );
    }

    private async Task OpenSslAsync(string arguments)
    {
        var result = await Tool.RunInAsync(
            _folder.Path,
            "openssl",
            arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        );
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
