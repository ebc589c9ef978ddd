using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Handshakes;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>However odd the circumstances: what is known to be revoked is not said to be good.</summary>
public sealed class NeverWrongTests : EngineBench
{
    private static readonly CertStatus RevokedStatus = CertStatus.Revoked(
        TestAuthority.Now.AddHours(-2),
        RevocationReason.KeyCompromise
    );

    private static readonly DateTimeOffset Rounded = TestAuthority.Now.AddHours(-1);

    private static VerifiedStaple Revoked => Staples.Verified(RevokedStatus, Rounded);

    private static VerifiedStaple Good => Staples.Verified(thisUpdate: Rounded);

    [Fact, Trait("Rule", "S38")]
    public async Task A_good_answer_with_the_time_of_the_revoked_one_does_not_take_its_place()
    {
        Client.Answer(Revoked);
        var slot = await AddAndWaitAsync();
        Client.Answer(Good);
        await Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(CertStatusKind.Revoked, slot.Current?.Status.Kind);
        Assert.Equal(RefreshOutcome.Older, slot.Status.LastOutcome);
    }

    [Fact, Trait("Rule", "S38")]
    public async Task A_revoked_answer_with_the_time_of_the_good_one_takes_its_place()
    {
        Client.Answer(Good);
        var slot = await AddAndWaitAsync();
        Client.Answer(Revoked);
        await Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(CertStatusKind.Revoked, slot.Current?.Status.Kind);
    }

    [Fact, Trait("Rule", "S38")]
    public async Task Nor_does_it_in_the_store()
    {
        var store = new MemoryStore { Content = Revoked.Encoded.ToArray() };
        Store = store;
        Client.Answer(Good);
        var slot = await AddAndWaitAsync();
        Assert.Equal(CertStatusKind.Revoked, slot.Current?.Status.Kind);
        await Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(CertStatusKind.Revoked, slot.Current?.Status.Kind);
        Assert.Equal(Revoked.Status.Kind, Read(store).Status.Kind);
    }

    [Fact, Trait("Rule", "S38")]
    public async Task A_revocation_that_another_instance_learnt_is_taken_though_its_time_is_that_of_the_good_one()
    {
        var store = new MemoryStore();
        Store = store;
        Client.Answer(Good);
        var slot = await AddAndWaitAsync();
        store.Content = Revoked.Encoded.ToArray();
        Client.Fail();
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromMinutes(10));
                return slot.Current?.Status.Kind == CertStatusKind.Revoked;
            },
            "it is taken from the store"
        );
    }

    [Fact, Trait("Rule", "S40")]
    public async Task A_revocation_reaches_handshakes_though_the_application_disposed_of_its_certificates()
    {
        Client.Answer(Good);
        var slot = await AddAndWaitAsync();
        var certificate = X509CertificateLoader.LoadPkcs12(Staples.Server.Export(X509ContentType.Pkcs12), null);
        var issuer = X509CertificateLoader.LoadCertificate(Staples.Authority.Certificate.RawData);
        var contexts = new StapledContexts(certificate, [issuer], null, slot);
        var good = contexts.Select(Clock.GetUtcNow(), out var before);
        certificate.Dispose();
        issuer.Dispose();
        Client.Answer(Staples.Verified(RevokedStatus, TestAuthority.Now));
        await Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        var revoked = contexts.Select(Clock.GetUtcNow(), out var after);
        Assert.Equal((HandshakeOutcome.Stapled, HandshakeOutcome.Stapled), (before, after));
        Assert.NotSame(good, revoked);
    }

    [Fact, Trait("Rule", "S40")]
    public async Task A_context_that_cannot_be_made_is_shown_and_tried_again_and_keeps_nobody_else_from_the_news()
    {
        Client.Answer(Good);
        var slot = await AddAndWaitAsync();
        var first = new User { Fault = new InvalidOperationException("no") };
        var second = new User();
        slot.Use(first);
        slot.Use(second);
        Client.Answer(Staples.Verified(RevokedStatus, TestAuthority.Now));
        await Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((1, 1), (first.Told, second.Told));
        Assert.Equal(RefreshOutcome.Revoked, slot.Status.LastOutcome);
        Assert.Contains("no", slot.Status.Obstacle, StringComparison.Ordinal);
        Assert.Contains(Log.GetSnapshot(), record => record.Id.Name == "ContextFaulted");
        first.Fault = null;
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Null(slot.Status.Obstacle);
    }

    [Fact, Trait("Rule", "S40")]
    public async Task A_good_staple_whose_context_cannot_be_made_is_not_called_good()
    {
        Client.Answer(Good);
        var slot = await AddAndWaitAsync();
        slot.Use(new User { Fault = new InvalidOperationException("no") });
        Client.Answer(Staples.Verified(thisUpdate: TestAuthority.Now));
        await Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(StapleState.Missing, StapleHealth.StateOf(slot.Status, Clock.GetUtcNow()));
    }

    private static VerifiedStaple Read(MemoryStore store)
    {
        var verification = OcspVerifier.Verify(
            store.Content!,
            Staples.Subject,
            new VerificationPolicy(),
            TestAuthority.Now
        );
        Assert.True(verification.TryGetStaple(out var staple, out var rejection), rejection?.ToString());
        return staple;
    }

    private sealed class User : IStapleUser
    {
        public Exception? Fault { get; set; }

        public int Told { get; private set; }

        public Exception? Renew()
        {
            Told++;
            return Fault;
        }
    }

    private sealed class MemoryStore : IStapleStore
    {
        public byte[]? Content { get; set; }

        public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken) =>
            ValueTask.FromResult(Content);

        public ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken)
        {
            Content = staple.Encoded.ToArray();
            return ValueTask.CompletedTask;
        }
    }
}
