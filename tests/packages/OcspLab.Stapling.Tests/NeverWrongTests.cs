using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
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

    [Fact, Trait("Ring", "slow"), Trait("Rule", "S38")]
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
        var context = new CertificateContexts(Engine).Of(certificate, [issuer]);
        Assert.Equal(slot.Current!.Encoded.ToArray(), Selected(out var before));
        certificate.Dispose();
        issuer.Dispose();
        Client.Answer(Staples.Verified(RevokedStatus, TestAuthority.Now));
        await Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(slot.Current!.Encoded.ToArray(), Selected(out var after));
        Assert.Equal((HandshakeOutcome.Stapled, HandshakeOutcome.Stapled), (before, after));
        Assert.Equal(CertStatusKind.Revoked, slot.Current.Status.Kind);

        byte[]? Selected(out HandshakeOutcome outcome) =>
            ContextPeek.StapleOf(context.Select(Clock.GetUtcNow(), out outcome));
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
