using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

public sealed class IndexFileSourceTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();

    [Fact]
    public void Every_kind_of_line_is_read()
    {
        Assert.True(OpenSslIndex.TryParse(new StringReader(Lines), out var index, out var fault), fault);
        Assert.Equal(CertStatus.Good, index.Find("1000")?.Status);
        Assert.Equal(CertStatus.Good, index.Find("1001")?.Status);
        Assert.Equal(
            CertStatus.Revoked(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)),
            index.Find("1002")?.Status
        );
        Assert.Equal(
            CertStatus.Revoked(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), RevocationReason.KeyCompromise),
            index.Find("1003")?.Status
        );
        Assert.Equal(
            CertStatus.Revoked(
                new DateTimeOffset(2051, 1, 2, 3, 4, 5, TimeSpan.Zero),
                RevocationReason.CertificateHold
            ),
            index.Find("1004")?.Status
        );
        // The first bit of its first octet is set: as an INTEGER it has another octet before.
        Assert.Equal(CertStatus.Good, index.Find("00ff")?.Status);
        Assert.Null(index.Find("ff"));
        Assert.Equal(6, index.Count);
    }

    [Theory]
    [InlineData("V\t300101000000Z\t\t1000\tunknown", "line 1: 5 fields between tabs instead of 6")]
    [InlineData("X\t300101000000Z\t\t1000\tunknown\t/CN=a", "line 1: 'X' is not a status; V, R and E are")]
    [InlineData("V\t300101000000Z\t\txyz\tunknown\t/CN=a", "line 1: 'xyz' is not a serial number")]
    [InlineData("V\t300101000000Z\t\t\tunknown\t/CN=a", "line 1: '' is not a serial number")]
    [InlineData("R\t300101000000Z\t\t1000\tunknown\t/CN=a", "line 1: '' is not a revocation")]
    [InlineData("R\t300101000000Z\t269999999999Z\t1000\tunknown\t/CN=a", "line 1: '269999999999Z' is not a revocation")]
    [InlineData(
        "R\t300101000000Z\t260101000000Z,boredom\t1000\tunknown\t/CN=a",
        "line 1: '260101000000Z,boredom' is not a revocation"
    )]
    public void Half_a_file_is_no_file(string line, string why)
    {
        Assert.False(OpenSslIndex.TryParse(new StringReader(line + "\n"), out _, out var fault));
        Assert.Equal(why, fault);
    }

    [Fact]
    public void The_invalidity_date_of_a_compromised_key_is_read()
    {
        const string line = "R\t300101000000Z\t260102030405Z,keyTime,20251224000000Z\t10\tunknown\t/CN=a\n";
        Assert.True(OpenSslIndex.TryParse(new StringReader(line), out var index, out var fault), fault);
        var status = index.Find("10")!;
        Assert.Equal(RevocationReason.KeyCompromise, status.Status.Reason);
        Assert.Equal(new DateTimeOffset(2025, 12, 24, 0, 0, 0, TimeSpan.Zero), status.InvalidSince);
    }

    [Fact]
    public void A_serial_number_that_stands_twice_has_the_worse_status()
    {
        Assert.True(
            OpenSslIndex.TryParse(
                new StringReader(
                    "R\t300101000000Z\t260102030405Z\t10\tunknown\t/CN=a\nV\t300101000000Z\t\t10\tunknown\t/CN=a\n"
                ),
                out var index,
                out _
            )
        );
        Assert.Equal(CertStatusKind.Revoked, index.Find("10")?.Status.Kind);
    }

    [Fact, Trait("Rule", "R44")]
    public async Task A_changed_file_is_in_the_answers()
    {
        await StartAsync();
        var subject = OcspSubject.FromSerial(0x1000, _bench.Authority.Certificate);
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(subject)).Status.Kind);
        // As openssl ca does: a new file, renamed over.
        Write(
            "index.new",
            Lines.Replace(
                "V\t300101000000Z\t\t1000",
                "R\t300101000000Z\t260531000000Z,superseded\t1000",
                StringComparison.Ordinal
            )
        );
        File.Move(_bench.Folder["index.new"], _bench.Folder["index.txt"], overwrite: true);
        await Poll.UntilAsync(async () => (await TickAsync(subject)) == "Revoked", "the revocation");
        Assert.Equal(RevocationReason.Superseded, (await _bench.StapleAsync(subject)).Status.Reason);
    }

    [Fact, Trait("Rule", "R26")]
    public async Task A_file_that_is_gone_or_broken_is_no_answer_after_a_moment_of_patience()
    {
        await StartAsync();
        var subject = OcspSubject.FromSerial(0x1000, _bench.Authority.Certificate);
        Write("index.txt", "half a li");
        Assert.Equal("Good", await TickAsync(subject));
        await Poll.UntilAsync(async () => await TickAsync(subject) == "TryLater", "the loss is noticed");
        Write("index.txt", Lines);
        await Poll.UntilAsync(async () => await TickAsync(subject) == "Good", "the file is back");
        Write("index.txt", "");
        Assert.Equal("Good", await TickAsync(subject));
        await Poll.UntilAsync(async () => await TickAsync(subject) == "TryLater", "the emptiness is noticed");
        Write("index.txt", Lines);
        await Poll.UntilAsync(async () => await TickAsync(subject) == "Good", "the file is back again");
        File.Delete(_bench.Folder["index.txt"]);
        Assert.Equal("Good", await TickAsync(subject));
        await Poll.UntilAsync(async () => await TickAsync(subject) == "TryLater", "the loss is noticed");
    }

    [Fact]
    public async Task A_file_that_is_not_an_index_does_not_start()
    {
        Write("index.txt", "hello\n");
        var fault = await Assert.ThrowsAsync<IOException>(() => StartAsync(null));
        Assert.Contains(
            "index.txt is not an index.txt of 'openssl ca': line 1: 1 fields",
            fault.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_is_read_only_cannot_be_changed_through_the_admin_api()
    {
        await StartAsync();
        var fault = await Assert.ThrowsAsync<HttpRequestException>(() =>
            _bench.Admin.RevokeAsync("1000", RevocationReason.Unspecified, TestContext.Current.CancellationToken)
        );
        Assert.Equal("The statuses come from a source that cannot be changed here.", fault.Message);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private Task StartAsync() => StartAsync(Lines);

    private async Task StartAsync(string? content)
    {
        if (content is not null)
            Write("index.txt", content);
        _bench.Add("test", _bench.Authority.Certificate, _bench.Authority.Delegate());
        _bench.Settings["Authorities:test:Index"] = _bench.Folder["index.txt"];
        await _bench.StartAsync();
    }

    private void Write(string name, string content) => File.WriteAllText(_bench.Folder[name], content);

    private async Task<string> TickAsync(OcspSubject subject)
    {
        _bench.Clock.Advance(TimeSpan.FromSeconds(1));
        var answer = await _bench.AskAsync(ResponderBench.Question(subject));
        return answer.Basic?.Responses.Single().Status.Kind.ToString() ?? answer.Status.ToString();
    }

    private const string Lines =
        "V\t300101000000Z\t\t1000\tunknown\t/CN=a\n"
        + "E\t200101000000Z\t\t1001\tunknown\t/CN=b\n"
        + "R\t300101000000Z\t260102030405Z\t1002\tunknown\t/CN=c\n"
        + "R\t300101000000Z\t260102030405Z,keyCompromise\t1003\tunknown\t/CN=d\r\n"
        + "R\t300101000000Z\t20510102030405Z,holdInstruction,1.2.840.10040.2.1\t1004\tunknown\t/CN=e\n"
        + "\n"
        + "V\t300101000000Z\t\tFF\tunknown\t/CN=f\n";
}
