using Microsoft.Extensions.DependencyInjection;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Revocation;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>What an answer says of what its source knows, and which answers are kept.</summary>
public sealed class ResponseFactoryTests : IAsyncDisposable
{
    private static readonly DateTimeOffset Now = TestAuthority.Now;
    private readonly OneStatusSource _source = new();
    private readonly ResponderBench _bench;
    private bool _isStarted;

    public ResponseFactoryTests() => _bench = new ResponderBench { Source = _source };

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory, Trait("Rule", "R23")]
    // Long ago: dated back, for clocks that lag.
    [InlineData(-60, -5)]
    [InlineData(-5, -5)]
    // Since then: not to before the change that it reports.
    [InlineData(-4, -4)]
    [InlineData(0, 0)]
    // By a clock that is ahead: not into the future.
    [InlineData(3, 0)]
    public async Task An_answer_is_not_dated_back_to_before_the_change_that_it_reports(int changed, int dated)
    {
        _source.Status = new SourceStatus(CertStatus.Good) { ChangedAt = Now.AddMinutes(changed) };
        Assert.Equal(Now.AddMinutes(dated), (await AnswerAsync()).ThisUpdate);
    }

    [Fact]
    public async Task No_crl_is_named_unless_that_is_wanted()
    {
        _source.Status = new SourceStatus(CertStatus.Good)
        {
            Crl = new CrlReference(new Uri("http://crl.example.test/ca.crl"), 7, Now),
        };
        Assert.Empty((await AnswerAsync()).Extensions);
    }

    [Fact, Trait("Rule", "R29")]
    public async Task That_it_may_call_revoked_what_was_never_issued_is_said_where_it_does()
    {
        _bench.Settings["NeverIssued"] = "Revoked";
        _source.Status = new SourceStatus(CertStatus.Good);
        Assert.Empty((await BasicAsync()).Extensions);
        _source.Status = null;
        Assert.Equal("1.3.6.1.5.5.7.48.1.9", Assert.Single((await BasicAsync(2)).Extensions).Oid);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task What_no_list_names_is_not_kept(bool isListed, int kept)
    {
        _source.Status = new SourceStatus(CertStatus.Good) { IsListed = isListed };
        await AnswerAsync();
        Assert.Equal(kept, _bench.Services.GetRequiredService<ResponseCache>().Count);
    }

    [Fact]
    public async Task Each_signature_is_counted_for_the_audit()
    {
        _source.Status = new SourceStatus(CertStatus.Good) { IsListed = false };
        await AnswerAsync();
        await AnswerAsync();
        var authority = _bench.Services.GetRequiredService<AuthorityDirectory>().All[0];
        Assert.Equal(2, Assert.Single(authority.TakeSigned()).Count);
    }

    [Fact]
    public async Task Of_several_one_that_was_never_issued_is_enough_to_refuse_all()
    {
        _bench.Settings["NeverIssued"] = "Unauthorized";
        _source.Status = new SourceStatus(CertStatus.Good);
        _source.Unknown = "02";
        await StartAsync();
        Assert.Equal(OcspResponseStatus.Successful, (await _bench.AskAsync(_bench.QuestionAbout(1, 3))).Status);
        Assert.Equal(OcspResponseStatus.Unauthorized, (await _bench.AskAsync(_bench.QuestionAbout(1, 2))).Status);
    }

    private async Task<SingleResponse> AnswerAsync() => (await BasicAsync()).Responses.Single();

    private async Task<BasicOcspResponse> BasicAsync(int serial = 1)
    {
        await StartAsync();
        return (await _bench.AskAsync(_bench.QuestionAbout(serial))).Basic!;
    }

    private async Task StartAsync()
    {
        if (_isStarted)
            return;
        _isStarted = true;
        await _bench.StartAsync();
    }

    /// <summary>Says the same of every certificate but one.</summary>
    private sealed class OneStatusSource : IStatusSource
    {
        public SourceStatus? Status { get; set; }

        public string? Unknown { get; set; }

        public event Action<string?>? Changed
        {
            add { }
            remove { }
        }

        public ValueTask<SourceStatus?> FindAsync(string serialNumber, CancellationToken cancellationToken) =>
            ValueTask.FromResult(serialNumber == Unknown ? null : Status);

        public ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken) =>
            ValueTask.FromResult(SourceChanges.None);
    }
}
