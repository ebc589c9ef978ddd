using System.Net;
using System.Net.Http.Headers;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Auditing;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>Who may change what, and what is kept about it.</summary>
public sealed class AuditingTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();

    [Fact]
    public async Task Every_change_is_in_the_log_before_it_is_made_and_after()
    {
        await StartAsync();
        await _bench.Admin.RegisterAsync(
            new RegisteredCertificate("server", "1267", TestAuthority.Now, TestAuthority.Now.AddDays(30)),
            TestContext.Current.CancellationToken
        );
        await _bench.Admin.RevokeAsync("server", RevocationReason.Superseded, TestContext.Current.CancellationToken);
        await _bench.Admin.ListAsync(TestContext.Current.CancellationToken);
        var lines = ReadLog();
        Assert.Equal(5, lines.Count);
        Assert.Contains("register 1267 as 'server'", lines[1], StringComparison.Ordinal);
        Assert.Contains("POST /certificates/server/revoke?reason=Superseded&\"", lines[3], StringComparison.Ordinal);
        Assert.Contains("→ 200", lines[4], StringComparison.Ordinal);
        var token = AdminToken.Load(_bench.Folder["admin-token"]).Value;
        Assert.All(lines, line => Assert.DoesNotContain(token, line, StringComparison.Ordinal));
        Assert.Equal((5, null), (AuditLog.Check(File).Entries, AuditLog.Check(File).Fault));
        OwnerOnly.Check(File);
    }

    [Fact]
    public async Task A_log_that_was_moved_away_goes_on_in_a_new_file_that_says_after_what()
    {
        await StartAsync();
        await _bench.Admin.RegisterAsync(
            new RegisteredCertificate("server", "1267", TestAuthority.Now, TestAuthority.Now.AddDays(30)),
            TestContext.Current.CancellationToken
        );
        System.IO.File.Move(File, File + ".1");
        // As logrotate does it with "create".
        await System.IO.File.WriteAllTextAsync(File, "", TestContext.Current.CancellationToken);
#pragma warning disable CA1416 // Modes are those of Unix.
        if (!OperatingSystem.IsWindows())
            System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite);
#pragma warning restore CA1416
        await _bench.Admin.RevokeAsync("server", RevocationReason.Superseded, TestContext.Current.CancellationToken);
        var before = AuditLog.Check(File + ".1");
        Assert.Equal((3, null), (before.Entries, before.Fault));
        var lines = ReadLog();
        Assert.Contains($"after entry 3 of a file that was moved away, hash {before.Hash}", lines[0]);
        Assert.Contains("→ 200, serial number 1267", lines[2], StringComparison.Ordinal);
        Assert.Equal((3, null), (AuditLog.Check(File).Entries, AuditLog.Check(File).Fault));
        OwnerOnly.Check(File);
        // Where it cannot go on, nothing is changed.
        System.IO.File.Delete(File);
        Directory.CreateDirectory(File);
        var exception = await Assert.ThrowsAsync<HttpRequestException>(() =>
            _bench.Admin.RestoreAsync("server", TestContext.Current.CancellationToken)
        );
        Assert.Equal(HttpStatusCode.ServiceUnavailable, exception.StatusCode);
        Assert.NotNull((await _bench.Admin.ListAsync(TestContext.Current.CancellationToken)).Single().RevokedAt);
    }

    [Fact]
    public async Task A_token_that_was_refused_counts_when_it_may_be_believed_though_nothing_else_has_changed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes are those of Unix");
        await StartAsync();
        var token = new string('n', 40);
        var file = _bench.Folder["admin-token"];
        System.IO.File.Delete(file);
        await System.IO.File.WriteAllTextAsync(file, token + "\n", TestContext.Current.CancellationToken);
#pragma warning disable CA1416 // Skipped above.
        System.IO.File.SetUnixFileMode(file, (UnixFileMode)0b110_100_100);
        _bench.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(HttpMethod.Get, "status", token));
        System.IO.File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
#pragma warning restore CA1416
        _bench.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(HttpMethod.Get, "status", token));
    }

    [Fact]
    public async Task A_name_with_a_slash_names_its_certificate()
    {
        await StartAsync();
        await _bench.Admin.RegisterAsync(
            new RegisteredCertificate("/CN=new.example", "1267", TestAuthority.Now, TestAuthority.Now.AddDays(30)),
            TestContext.Current.CancellationToken
        );
        var revoked = await _bench.Admin.RevokeAsync(
            "/CN=new.example",
            RevocationReason.Superseded,
            TestContext.Current.CancellationToken
        );
        Assert.Equal("1267", revoked?.SerialNumber);
    }

    [Fact]
    public async Task Once_a_minute_it_says_how_many_responses_were_signed_and_by_whom()
    {
        await StartAsync();
        for (var serial = 1; serial <= 3; serial++)
            await _bench.AskAsync(
                ResponderBench.Question(OcspSubject.FromSerial(serial, _bench.Authority.Certificate))
            );
        await Poll.UntilAsync(
            () =>
            {
                _bench.Clock.Advance(TimeSpan.FromMinutes(1));
                return Task.FromResult(
                    ReadLog().Any(line => line.Contains("signed 3 responses of test", StringComparison.Ordinal))
                );
            },
            "the line about signatures"
        );
    }

    [Fact]
    public void A_line_that_was_changed_taken_out_or_put_in_is_found()
    {
        using var folder = new TempFolder();
        var path = folder["audit.log"];
        using (var log = new AuditLog(path, _bench.Clock))
        {
            for (var number = 0; number < 5; number++)
                log.Append("alice", $"change {number}\nwith a line of its own");
        }

        // A log goes on where it ended.
        using (var log = new AuditLog(path, _bench.Clock))
            log.Append("bob", "more");
        var lines = System.IO.File.ReadAllLines(path);
        Assert.Equal((6, null), (AuditLog.Check(path).Entries, AuditLog.Check(path).Fault));
        foreach (
            var (changed, line) in ((string[], int)[])
                [
                    ([.. lines[..2], lines[2].Replace("alice", "carol", StringComparison.Ordinal), .. lines[3..]], 3),
                    ([.. lines[..2], .. lines[3..]], 3),
                    ([.. lines[..2], lines[1], .. lines[2..]], 3),
                    ([.. lines, "nonsense"], 7),
                ]
        )
        {
            System.IO.File.WriteAllLines(path, changed);
            Assert.Equal($"line {line} is not what was written", AuditLog.Check(path).Fault);
            Assert.Throws<IOException>(() => new AuditLog(path, _bench.Clock));
        }
    }

    [Fact]
    public async Task The_second_token_reads_and_changes_nothing()
    {
        await StartAsync();
        var token = AdminToken.Load(_bench.Folder["read-token"]).Value;
        Assert.Equal(HttpStatusCode.OK, await AskAsync(HttpMethod.Get, "status", token));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(HttpMethod.Post, "listener/stop", token));
        Assert.NotNull((await _bench.Admin.GetListenerAsync(TestContext.Current.CancellationToken)).Url);
    }

    [Fact]
    public async Task A_token_is_replaced_by_another_in_its_file_and_the_old_one_ends()
    {
        await StartAsync();
        var before = AdminToken.Load(_bench.Folder["admin-token"]).Value;
        var after = new string('7', 64);
        await System.IO.File.WriteAllTextAsync(
            _bench.Folder["admin-token"],
            after + "\n",
            TestContext.Current.CancellationToken
        );
        await Poll.UntilAsync(
            async () =>
            {
                _bench.Clock.Advance(TimeSpan.FromSeconds(2));
                return await AskAsync(HttpMethod.Get, "status", after) == HttpStatusCode.OK;
            },
            "the new token"
        );
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(HttpMethod.Get, "status", before));
        // One that can be guessed changes nothing.
        await System.IO.File.WriteAllTextAsync(
            _bench.Folder["admin-token"],
            "a\n",
            TestContext.Current.CancellationToken
        );
        _bench.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(HttpMethod.Get, "status", "a"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(HttpMethod.Get, "status", after));
        Assert.Contains(_bench.Log.GetSnapshot(), record => record.Id.Id == 2022);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private string File => _bench.Folder["audit.log"];

    private Task StartAsync()
    {
        _bench.Settings["AuditFile"] = File;
        _bench.Settings["ReadTokenFile"] = _bench.Folder["read-token"];
        return _bench.StartAsync();
    }

    private List<string> ReadLog()
    {
        using var reader = new StreamReader(new FileStream(File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    private async Task<HttpStatusCode> AskAsync(HttpMethod method, string path, string token)
    {
        using var request = new HttpRequestMessage(method, new Uri(_bench.AdminUrl, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await _bench.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
