using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>
/// <c>ocsplab responder import</c>, <c>purge</c> and <c>audit</c>: an authority moves from <c>openssl ca</c> to a
/// database.
/// </summary>
public sealed class ImportTests : IAsyncLifetime
{
    private readonly int _port = FreePort.Find();
    private readonly int _adminPort = FreePort.Find();
    private readonly OpenSslAuthority _authority;
    private readonly TempFolder _folder;
    private RunningProgram _responder = null!;

    public ImportTests()
    {
        _authority = new OpenSslAuthority($"http://127.0.0.1:{_port}/");
        _folder = _authority.Folder;
    }

    public async ValueTask InitializeAsync()
    {
        await _authority.CreateAsync();
        await _authority.RevokeAsync("bad", "keyCompromise");
        _responder = new RunningProgram(
            "dotnet",
            Programs.Cli,
            "responder",
            "service",
            $"Responder:Port={_port}",
            $"Responder:AdminPort={_adminPort}",
            $"Responder:AdminTokenFile={_folder["token"]}",
            $"Responder:AuditFile={_folder["audit.log"]}",
            $"Responder:Authorities:ca:IssuerCertificate={_folder["ca.pem"]}",
            $"Responder:Authorities:ca:Signers:0:Certificate={_folder["ocsp.pem"]}",
            $"Responder:Authorities:ca:Signers:0:Key={_folder["ocsp.key"]}",
            $"Responder:Authorities:ca:Database={_folder["ca.db"]}"
        );
        await Poll.UntilAsync(
            async () =>
            {
                Assert.False(_responder.HasExited, _responder.Output + _responder.Error);
                return await AskAsync("good") != "";
            },
            "the responder answers"
        );
    }

    [Fact]
    public async Task What_openssl_has_issued_is_answered_from_the_database_after_one_command()
    {
        Assert.Equal("unknown", await AskAsync("good"));
        Assert.Equal("2 added, 0 revoked, 1 are as they were", await AfterAsync("ocsp"));
        Assert.Equal("good", await AskAsync("good"));
        Assert.Equal("revoked", await AskAsync("bad"));
        await _authority.RevokeAsync("good", "superseded");
        Assert.Equal("0 added, 1 revoked, 2 are as they were", await ImportAsync("index.txt"));
        Assert.Equal("revoked", await AskAsync("good"));

        var audit = await Programs.OcspLabAsync("responder", "audit", _folder["audit.log"]);
        Assert.Equal(0, audit.ExitCode);
        Assert.Contains(", unbroken; the last hash is ", audit.Output, StringComparison.Ordinal);
        var lines = await File.ReadAllLinesAsync(_folder["audit.log"], TestContext.Current.CancellationToken);
        Assert.Contains(lines, line => line.Contains("import 008001 as '/CN=good', revoked", StringComparison.Ordinal));
        await File.WriteAllLinesAsync(_folder["audit.log"], lines[1..], TestContext.Current.CancellationToken);
        Assert.Equal(3, (await Programs.OcspLabAsync("responder", "audit", _folder["audit.log"])).ExitCode);
    }

    [Fact]
    public async Task Csv_with_quotes_times_and_reasons_is_read_and_what_has_expired_is_purged()
    {
        await File.WriteAllTextAsync(
            _folder["issued.csv"],
            """"
            name,serial,notAfter,revokedAt,reason,invalidSince
            "Smith, John ""Jack""",01,2020-01-01T00:00:00Z,,,
            shop,02,2030-01-01,2026-01-02T03:04:05Z,keyCompromise,2025-12-24
            """",
            TestContext.Current.CancellationToken
        );
        Assert.Equal("2 added, 0 revoked, 0 are as they were", await ImportAsync("issued.csv"));
        var purged = await RunAsync("purge", "--expired-before", "2021-01-01T00:00:00Z");
        Assert.Equal("1 removed", purged.Output.Trim());
        var refused = await RunAsync("purge", "--expired-before", "2099-01-01T00:00:00Z");
        Assert.Equal(69, refused.ExitCode);
        Assert.Contains("in the future", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name,serial\na,01", "line 1 names no column 'notAfter'")]
    [InlineData("name,serial,notAfter\na,01,soon", "line 2: 'soon' is not a time")]
    [InlineData(
        "name,serial,notAfter,revokedAt,reason\na,01,2030-01-01,2026-01-01,boredom",
        "'boredom' is not a reason"
    )]
    [InlineData("V\t300101000000Z\t\txyz\tunknown\t/CN=a", "line 1: 'xyz' is not a serial number")]
    [InlineData("name,serial,notAfter\na,01,2030-01-01\nb,xyz,2030-01-01", "Certificate 2, 'xyz'")]
    public async Task A_slip_in_a_file_is_named_and_nothing_is_stored(string content, string why)
    {
        await File.WriteAllTextAsync(_folder["slip.txt"], content + "\n", TestContext.Current.CancellationToken);
        var run = await RunAsync("import", _folder["slip.txt"]);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.Equal("unknown", await AskAsync("good"));
    }

    public async ValueTask DisposeAsync()
    {
        _responder.Interrupt();
        await _responder.DisposeAsync();
        _authority.Dispose();
    }

    // The delegate's own certificate is registered first, so that one is known already.
    private async Task<string> AfterAsync(string known)
    {
        var serial = await Tool.RunInAsync(_folder.Path, "openssl", "x509", "-in", $"{known}.pem", "-noout", "-serial");
        await File.WriteAllTextAsync(
            _folder["known.csv"],
            $"name,serial,notAfter\n{known},{serial.Output.Split('=')[1].Trim()},2030-01-01\n",
            TestContext.Current.CancellationToken
        );
        Assert.Equal("1 added, 0 revoked, 0 are as they were", await ImportAsync("known.csv"));
        return await ImportAsync("index.txt");
    }

    private async Task<string> ImportAsync(string file)
    {
        var run = await RunAsync("import", _folder[file]);
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        return run.Output.Trim();
    }

    private Task<ToolResult> RunAsync(string verb, params string[] arguments) =>
        Programs.OcspLabAsync([
            "responder",
            verb,
            .. arguments,
            "--admin",
            $"http://127.0.0.1:{_adminPort}",
            "--token",
            _folder["token"],
        ]);

    /// <summary>What openssl reads in the answer, or nothing where there is none.</summary>
    private async Task<string> AskAsync(string name)
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
            $"http://127.0.0.1:{_port}",
            "-CAfile",
            "ca.pem"
        );
        return result.Error.Contains("Response verify OK", StringComparison.Ordinal)
            ? result.Output.Split('\n')[0].Split(": ")[1].Trim()
            : "";
    }
}
