using OcspLab.Ocsp.Requests;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;
using OcspLab.Responder.Telemetry;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

public sealed class ResponseCacheTests
{
    private static readonly DateTimeOffset Now = TestAuthority.Now;
    private static readonly System.Security.Cryptography.X509Certificates.X509Certificate2 Issuer =
        new TestAuthority().Certificate;
    private static readonly Authority Ours = new(
        "ours",
        Issuer,
        [],
        new InMemoryCertificateRegistry(TimeProvider.System),
        AnswerPolicy.Of(new ResponderOptions(), new AuthorityOptions())
    );
    private static readonly Authority Theirs = new(
        "theirs",
        new TestAuthority().Certificate,
        [],
        new InMemoryCertificateRegistry(TimeProvider.System),
        AnswerPolicy.Of(new ResponderOptions(), new AuthorityOptions())
    );
    private static readonly Shelf Hour = new(Now, Now.AddHours(1), Now.AddHours(2));
    private readonly ResponseCache _ready = new(8);

    [Fact, Trait("Rule", "R41")]
    public void An_answer_is_given_until_it_is_to_be_renewed()
    {
        Remember(1);
        Assert.True(_ready.TryFind(Question(1), Now.AddMinutes(59), out _));
        Assert.False(_ready.TryFind(Question(1), Now.AddHours(1), out _));
    }

    [Fact, Trait("Rule", "R41")]
    public void An_answer_of_the_future_is_not_given()
    {
        Remember(1);
        Assert.False(_ready.TryFind(Question(1), Now.AddSeconds(-1), out _));
    }

    [Fact, Trait("Rule", "R44")]
    public void What_was_looked_up_before_a_change_is_not_kept_after_it()
    {
        var version = _ready.Version;
        _ready.Forget(Ours, "01");
        Remember(1, version);
        Assert.False(_ready.TryFind(Question(1), Now, out _));
    }

    [Theory, Trait("Rule", "R44")]
    [InlineData(CertIdHash.Sha1)]
    [InlineData(CertIdHash.Sha256)]
    [InlineData(CertIdHash.Sha384)]
    [InlineData(CertIdHash.Sha512)]
    public void A_change_drops_the_answers_about_its_certificate_and_no_others(CertIdHash hash)
    {
        _ready.Remember(Question(1, hash), Ours, Reply, Hour, _ready.Version);
        Remember(2);
        _ready.Forget(Theirs, "01");
        Assert.True(_ready.TryFind(Question(1, hash), Now, out _));
        _ready.Forget(Ours, "01");
        Assert.False(_ready.TryFind(Question(1, hash), Now, out _));
        Assert.True(_ready.TryFind(Question(2), Now, out _));
    }

    [Fact]
    public void All_of_an_authority_are_dropped_at_once()
    {
        Remember(1);
        _ready.Remember([9], Theirs, Reply, Hour, _ready.Version);
        _ready.Forget(Ours, null);
        Assert.Equal(1, _ready.Count);
    }

    [Fact]
    public void There_are_never_more_than_asked_for()
    {
        for (var serial = 1; serial < 100; serial++)
        {
            Remember(serial);
            Assert.InRange(_ready.Count, 1, 8);
            Assert.True(_ready.TryFind(Question(serial), Now, out _));
        }
    }

    [Fact, Trait("Rule", "R26")]
    public void What_could_not_be_renewed_is_given_until_its_next_update()
    {
        Remember(1);
        Assert.False(_ready.TryFindOld(Question(1), Now.AddTicks(-1), out _));
        Assert.True(_ready.TryFindOld(Question(1), Now, out _));
        Assert.True(_ready.TryFindOld(Question(1), Now.AddHours(2).AddTicks(-1), out var old));
        Assert.Same(Reply, old);
        Assert.False(_ready.TryFindOld(Question(1), Now.AddHours(2), out _));
        Assert.False(_ready.TryFindOld(Question(2), Now, out _));
    }

    [Fact]
    public void Where_nothing_may_be_kept_nothing_is()
    {
        var none = new ResponseCache(0);
        Assert.False(none.Remember(Question(1), Ours, Reply, Hour, none.Version), "it says that it keeps it");
        Assert.Equal(0, none.Count);
        Assert.True(_ready.Remember(Question(1), Ours, Reply, Hour, _ready.Version), "it says that it does not");
    }

    [Fact]
    public void Room_is_made_an_eighth_at_a_time()
    {
        var cache = new ResponseCache(16);
        for (var serial = 1; serial <= 16; serial++)
            cache.Remember(Question(serial), Ours, Reply, Hour, cache.Version);
        Assert.Equal(16, cache.Count);
        cache.Remember(Question(17), Ours, Reply, Hour, cache.Version);
        Assert.Equal(15, cache.Count);
    }

    [Fact, Trait("Rule", "R44")]
    public void Whoever_wants_to_know_is_told_what_was_dropped()
    {
        var told = new List<(Authority, string?, ChangedBy)>();
        _ready.Forgotten += (authority, serial, by) => told.Add((authority, serial, by));
        var version = _ready.Version;
        _ready.Forget(Ours, "01");
        _ready.Forget(Theirs, null, ChangedBy.Us);
        // Nobody has asked about a serial number that is none.
        _ready.Forget(Ours, "not hexadecimal");
        Assert.Equal([(Ours, "01", ChangedBy.Others), (Theirs, null, ChangedBy.Us)], told);
        Assert.Equal(version + 3, _ready.Version);
    }

    private void Remember(int serial, long? version = null) =>
        _ready.Remember(Question(serial), Ours, Reply, Hour, version ?? _ready.Version);

    private static byte[] Question(int serial, CertIdHash hash = CertIdHash.Sha1) =>
        Authority.Question(OcspSubject.FromSerial(serial, Issuer).ToCertId(hash), null);

    private static PreparedResponse Reply { get; } = new(new byte[] { 1 }, ResponseOutcome.Good, null, []);
}
