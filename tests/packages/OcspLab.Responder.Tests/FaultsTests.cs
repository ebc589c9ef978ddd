using System.Net;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Faults;
using OcspLab.Responder.Sources;
using OcspLab.Responder.Telemetry;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>Every fault on demand, as a client meets it on a real socket.</summary>
public sealed class FaultsTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();
    private readonly OcspSubject _subject;
    private readonly OcspSubject _other;

    public FaultsTests()
    {
        _bench.Settings["Faults"] = "DangerousOn";
        _bench.Settings["Journal"] = "100";
        _bench.Settings["FaultSigners:WithoutOcspSigning:Certificate"] = _bench.WriteSigner(
            "server.pem",
            _bench.Authority.Server()
        );
        _bench.Settings["FaultSigners:Expired:Certificate"] = _bench.WriteSigner(
            "expired.pem",
            _bench.Authority.Delegate(notAfter: TestAuthority.Now.AddDays(-1))
        );
        _subject = OcspSubject.FromSerial(0x1267, _bench.Authority.Certificate);
        _other = OcspSubject.FromSerial(0x1268, _bench.Authority.Certificate);
    }

    [Theory]
    [InlineData(FaultKind.TryLater, RejectionReason.TryLater)]
    [InlineData(FaultKind.InternalError, RejectionReason.InternalError)]
    [InlineData(FaultKind.Unauthorized, RejectionReason.Unauthorized)]
    [InlineData(FaultKind.MalformedRequest, RejectionReason.MalformedRequest)]
    [InlineData(FaultKind.Malformed, RejectionReason.Malformed)]
    [InlineData(FaultKind.Truncated, RejectionReason.Malformed)]
    [InlineData(FaultKind.Oversized, RejectionReason.TooLarge)]
    [InlineData(FaultKind.WrongSerial, RejectionReason.CertIdMismatch)]
    [InlineData(FaultKind.WrongSigner, RejectionReason.SignerNotAuthorized)]
    [InlineData(FaultKind.SignerWithoutOcspSigning, RejectionReason.SignerWithoutOcspSigning)]
    [InlineData(FaultKind.ExpiredSigner, RejectionReason.SignerExpired)]
    [InlineData(FaultKind.BadSignature, RejectionReason.BadSignature)]
    [InlineData(FaultKind.Expired, RejectionReason.Expired)]
    [InlineData(FaultKind.Future, RejectionReason.NotYetValid)]
    public async Task A_spoilt_answer_is_rejected_for_just_that_reason(FaultKind kind, RejectionReason reason)
    {
        await StartAsync();
        await AddAsync(new FaultOrder(kind));
        Assert.False((await _bench.VerifyAsync(_subject)).TryGetStaple(out _, out var rejection));
        Assert.Equal(reason, rejection.Reason);
        await _bench.Admin.RemoveFaultsAsync(null, TestContext.Current.CancellationToken);
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(_subject)).Status.Kind);
    }

    [Fact]
    public async Task Answers_that_are_only_unusual_are_believed()
    {
        await StartAsync();
        await AddAsync(new FaultOrder(FaultKind.Unknown, Requests: 1));
        Assert.Equal(CertStatusKind.Unknown, (await _bench.StapleAsync(_subject)).Status.Kind);
        await AddAsync(new FaultOrder(FaultKind.NoNextUpdate, Requests: 1));
        Assert.Null((await _bench.StapleAsync(_subject)).NextUpdate);
        await AddAsync(new FaultOrder(FaultKind.ShortValidity, Requests: 1, Duration: TimeSpan.FromSeconds(7)));
        Assert.Equal(TestAuthority.Now.AddSeconds(7), (await _bench.StapleAsync(_subject)).NextUpdate);
        Assert.Equal(TestAuthority.Now.AddDays(1), (await _bench.StapleAsync(_subject)).NextUpdate);
    }

    [Fact]
    public async Task Http_is_spoilt_too()
    {
        await StartAsync();
        await AddAsync(new FaultOrder(FaultKind.Http500, Requests: 1));
        using var failed = await _bench.PostAsync(ResponderBench.Question(_subject));
        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        await AddAsync(new FaultOrder(FaultKind.Html, Requests: 1));
        using var page = await _bench.PostAsync(ResponderBench.Question(_subject));
        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        await AddAsync(new FaultOrder(FaultKind.Close, Requests: 10));
        await Assert.ThrowsAsync<HttpRequestException>(() => _bench.PostAsync(ResponderBench.Question(_subject)));
    }

    [Fact]
    public async Task A_delayed_answer_waits_and_a_hanging_one_never_comes()
    {
        await StartAsync();
        await AddAsync(new FaultOrder(FaultKind.Delay, Requests: 1, Duration: TimeSpan.FromMinutes(1)));
        var delayed = _bench.PostAsync(ResponderBench.Question(_subject));
        await Poll.UntilAsync(
            async () => (await _bench.Admin.ListFaultsAsync(TestContext.Current.CancellationToken)).Count == 0,
            "the request has come"
        );
        Assert.False(delayed.IsCompleted);
        await Poll.UntilAsync(
            () =>
            {
                _bench.Clock.Advance(TimeSpan.FromMinutes(1));
                return delayed.IsCompleted;
            },
            "the answer after its delay"
        );
        Assert.Equal(HttpStatusCode.OK, (await delayed).StatusCode);

        await AddAsync(new FaultOrder(FaultKind.Hang, Requests: 1));
        using var patience = new CancellationTokenSource();
        using var content = new ByteArrayContent(ResponderBench.Question(_subject).Encode());
        var hanging = _bench.Http.PostAsync(_bench.Url, content, patience.Token);
        await Poll.UntilAsync(
            async () => (await _bench.Admin.ListFaultsAsync(TestContext.Current.CancellationToken)).Count == 0,
            "the request has come"
        );
        _bench.Clock.Advance(TimeSpan.FromDays(1));
        Assert.False(hanging.IsCompleted);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
        await Poll.UntilAsync(
            async () =>
                (await _bench.Admin.ReadJournalAsync(0, TestContext.Current.CancellationToken)).Any(entry =>
                    entry is { Fault: "Hang", Status: null }
                ),
            "the journal tells of it"
        );
    }

    [Fact]
    public async Task A_fault_is_for_one_certificate_for_a_number_of_requests_and_for_a_time()
    {
        await StartAsync();
        await AddAsync(new FaultOrder(FaultKind.TryLater, "server", Requests: 2));
        Assert.Equal(OcspResponseStatus.Successful, await StatusAsync(_other));
        Assert.Equal(OcspResponseStatus.TryLater, await StatusAsync(_subject));
        Assert.Equal(OcspResponseStatus.TryLater, await StatusAsync(_subject));
        Assert.Equal(OcspResponseStatus.Successful, await StatusAsync(_subject));

        await AddAsync(new FaultOrder(FaultKind.InternalError, "1268", For: TimeSpan.FromMinutes(5)));
        Assert.Equal(OcspResponseStatus.InternalError, await StatusAsync(_other));
        Assert.Equal(OcspResponseStatus.Successful, await StatusAsync(_subject));
        _bench.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(OcspResponseStatus.Successful, await StatusAsync(_other));
        Assert.Empty(await _bench.Admin.ListFaultsAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_newest_fault_counts_and_goes_by_its_number()
    {
        await StartAsync();
        await AddAsync(new FaultOrder(FaultKind.TryLater));
        var newest = await AddAsync(new FaultOrder(FaultKind.InternalError));
        Assert.Equal(OcspResponseStatus.InternalError, await StatusAsync(_subject));
        await _bench.Admin.RemoveFaultsAsync(newest.Id, TestContext.Current.CancellationToken);
        Assert.Equal(OcspResponseStatus.TryLater, await StatusAsync(_subject));
        await Assert.ThrowsAsync<HttpRequestException>(() =>
            _bench.Admin.RemoveFaultsAsync(newest.Id, TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task A_spoilt_answer_is_kept_by_nobody()
    {
        await StartAsync();
        await AddAsync(new FaultOrder(FaultKind.BadSignature, Requests: 1));
        using var response = await _bench.PostAsync(ResponderBench.Question(_subject));
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(_subject)).Status.Kind);
    }

    [Fact]
    public async Task The_journal_tells_who_asked_for_what_when_and_how_it_was_answered()
    {
        await StartAsync();
        await StatusAsync(_subject);
        _bench.Clock.Advance(TimeSpan.FromSeconds(3));
        await AddAsync(new FaultOrder(FaultKind.TryLater, Requests: 1));
        await StatusAsync(_other);
        await _bench.PostAsync([0x30]);
        var journal = await _bench.Admin.ReadJournalAsync(0, TestContext.Current.CancellationToken);
        Assert.Equal(["1267"], journal[0].SerialNumbers);
        Assert.Equal(
            (1, "POST", ResponseOutcome.Good, 200, null),
            (journal[0].Number, journal[0].Method, journal[0].Outcome, journal[0].Status, journal[0].Fault)
        );
        Assert.StartsWith("127.0.0.1:", journal[0].Client, StringComparison.Ordinal);
        Assert.Equal(
            (ResponseOutcome.TryLater, "TryLater", TestAuthority.Now.AddSeconds(3)),
            (journal[1].Outcome, journal[1].Fault, journal[1].At)
        );
        Assert.Equal(ResponseOutcome.MalformedRequest, journal[2].Outcome);
        Assert.Empty(journal[2].SerialNumbers);
        Assert.Equal(
            [journal[2].Number],
            (await _bench.Admin.ReadJournalAsync(2, TestContext.Current.CancellationToken)).Select(entry =>
                entry.Number
            )
        );
    }

    [Fact]
    public async Task The_journal_remembers_as_many_as_it_may()
    {
        await StartAsync();
        for (var request = 0; request < 150; request++)
            await StatusAsync(_subject);
        var journal = await _bench.Admin.ReadJournalAsync(0, TestContext.Current.CancellationToken);
        Assert.Equal((100, 51, 150), (journal.Count, journal[0].Number, journal[^1].Number));
    }

    [Theory]
    [InlineData("""{"kind":"nonsense"}""", "'nonsense' is not a kind of fault; one of delay, hang,")]
    [InlineData("""{"kind":"7"}""", "'7' is not a kind of fault")]
    [InlineData("""{"kind":"delay","requests":0}""", "'requests' is 1 or more.")]
    [InlineData("""{"kind":"delay","for":"soon"}""", "'for' is a time such as 00:05:00")]
    [InlineData(
        """{"kind":"delay","duration":"02:00:00"}""",
        "'duration' is a time such as 00:00:02, at most an hour."
    )]
    [InlineData("""{"kind":"delay","certificate":"nobody"}""", "No certificate has the name or serial 'nobody'.")]
    public async Task A_slip_is_a_problem_with_its_reason(string body, string why)
    {
        await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_bench.AdminUrl, "faults"))
        {
            Content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")),
        };
        request.Headers.Authorization = new("Bearer", AdminToken.LoadOrCreate(_bench.Folder["admin-token"]).Value);
        using var response = await _bench.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = System.Text.Json.JsonDocument.Parse(
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
        );
        Assert.Contains(why, problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty(await _bench.Admin.ListFaultsAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Nothing_misbehaves_unless_the_settings_allow_it()
    {
        _bench.Settings.Remove("Faults");
        await StartAsync();
        var fault = await Assert.ThrowsAsync<HttpRequestException>(() => AddAsync(new FaultOrder(FaultKind.Close)));
        Assert.Equal(HttpStatusCode.Forbidden, fault.StatusCode);
        Assert.Contains("Responder:Faults=DangerousOn", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_without_its_certificate_is_refused()
    {
        _bench.Settings.Remove("FaultSigners:Expired:Certificate");
        await StartAsync();
        var fault = await Assert.ThrowsAsync<HttpRequestException>(() =>
            AddAsync(new FaultOrder(FaultKind.ExpiredSigner))
        );
        Assert.Contains("Responder:FaultSigners names no certificate", fault.Message, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private async Task StartAsync()
    {
        await _bench.StartAsync();
        foreach (var (name, serial) in ((string, string)[])[("server", "1267"), ("other", "1268")])
            await _bench.Registry.RegisterAsync(
                new RegisteredCertificate(name, serial, TestAuthority.Now, TestAuthority.Now.AddDays(30)),
                TestContext.Current.CancellationToken
            );
    }

    private Task<Fault> AddAsync(FaultOrder order) =>
        _bench.Admin.AddFaultAsync(order, TestContext.Current.CancellationToken);

    private async Task<OcspResponseStatus> StatusAsync(OcspSubject subject) =>
        (await _bench.AskAsync(ResponderBench.Question(subject))).Status;
}
