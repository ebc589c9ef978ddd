using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Stapling.Handshakes;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>The contexts of certificates that come and go.</summary>
public sealed class ContextTests : EngineBench
{
    private static readonly Uri Url = new("http://ocsp.example.test");
    private readonly TestAuthority _authority = new();

    public ContextTests() => Client.AnswerFor(_authority, TimeSpan.Zero, Clock);

    [Fact, Trait("Rule", "S42"), Trait("Rule", "S28")]
    public async Task One_of_ours_that_an_application_kept_is_stapled_again_after_its_certificate_was_let_go()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SslStream takes no staples from outside on this system");
        var contexts = new CertificateContexts(Engine);
        var certificate = _authority.Server(Url);
        var original = SslStreamCertificateContext.Create(certificate, [_authority.Certificate], offline: true);
        var slot = Engine.Add(certificate, [_authority.Certificate]);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        var kept = contexts.Of(original).Select(Clock.GetUtcNow(), out _);
        await PassAsync(TimeSpan.FromMinutes(20));
        Engine.Touch(Engine.Add(_authority.Server(Url), [_authority.Certificate]));
        await PassAsync(TimeSpan.FromHours(30));
        Assert.True(slot.IsReleased);

        Engine.Add(certificate, [_authority.Certificate]);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        contexts.Of(kept).Select(Clock.GetUtcNow(), out var outcome);
        Assert.Equal(HandshakeOutcome.Stapled, outcome);
    }

    [Theory, Trait("Rule", "S42")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Certificates_that_are_renewed_again_and_again_do_not_hold_on_to_each_other(bool hasUrl)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SslStream takes no staples from outside on this system");
        var contexts = new CertificateContexts(Engine);
        StapledContext? last = null;
        for (var number = 0; number < 6; number++)
        {
            last = contexts.Of(hasUrl ? _authority.Server(Url) : _authority.Server(), [_authority.Certificate]);
            await AdvanceAsync(TimeSpan.FromMinutes(1));
        }

        var length = 0;
        for (var before = last!.Predecessor; before is not null; before = before.Predecessor)
            length++;
        Assert.InRange(length, 0, 1);
    }

    [Fact, Trait("Rule", "S42")]
    public async Task A_context_that_no_handshake_has_used_for_an_hour_is_let_go_and_made_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SslStream takes no staples from outside on this system");
        var context = new CertificateContexts(Engine).Of(_authority.Server(Url), [_authority.Certificate]);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        var first = context.Select(Clock.GetUtcNow(), out _);
        Engine.Touch(context.Slot);
        await PassAsync(TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(1));
        Assert.Same(first, context.Select(Clock.GetUtcNow(), out _));
        await PassAsync(TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(1));
        Assert.False(context.IsMade);
        var second = context.Select(Clock.GetUtcNow(), out var outcome);
        Assert.NotSame(first, second);
        Assert.Equal(HandshakeOutcome.Stapled, outcome);
        Assert.NotNull(ContextPeek.StapleOf(second));
    }

    [Fact, Trait("Rule", "S40")]
    public async Task While_the_staple_changes_under_handshakes_the_last_word_is_the_newest()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SslStream takes no staples from outside on this system");
        var context = new CertificateContexts(Engine).Of(Staples.Server, [Staples.Authority.Certificate]);
        var staples = Enumerable
            .Range(1, 8)
            .Select(minutes => Staples.Verified(thisUpdate: TestAuthority.Now.AddMinutes(-minutes)))
            .ToArray();
        var now = Clock.GetUtcNow();
        using var over = new CancellationTokenSource();
        var handshakes = Enumerable.Range(0, 3).Select(_ => Task.Run(ShakeHands)).ToArray();
        for (var change = 0; change < 20_000; change++)
        {
            var staple = staples[change % staples.Length];
            context.Slot.Believe(staple, change % 3 == 0 ? null : staple);
            Assert.Equal(
                context.Slot.Current?.Encoded.ToArray(),
                ContextPeek.StapleOf(context.Select(now, out var outcome))
            );
            Assert.Equal(context.Slot.Current is null ? HandshakeOutcome.None : HandshakeOutcome.Stapled, outcome);
        }

        await over.CancelAsync();
        await Task.WhenAll(handshakes);

        void ShakeHands()
        {
            while (!over.IsCancellationRequested)
                context.Select(now, out _);
        }
    }

    [Fact, Trait("Rule", "S28")]
    public async Task An_application_that_makes_its_context_anew_for_each_handshake_is_given_the_same_one()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SslStream takes no staples from outside on this system");
        var contexts = new CertificateContexts(Engine);
        using var certificate = _authority.Server(Url);
        Engine.Add(certificate, [_authority.Certificate]);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        var (first, second) = (Handshake(), Handshake());
        Assert.Same(first, second);

        SslStreamCertificateContext Handshake() =>
            contexts
                .Of(SslStreamCertificateContext.Create(certificate, new X509Certificate2Collection(), offline: true))
                .Select(Clock.GetUtcNow(), out _);
    }
}
