using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Handshakes;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>
/// Ten weeks on the fake clock with everything that goes wrong: a responder that fails three times in ten in every way
/// that there is, a store that hangs, a wall clock that jumps, contexts that cannot be made, certificates that are
/// revoked, and an application that chooses a renewed one from one handshake to the next.
/// </summary>
public sealed class SoakTests : EngineBench
{
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(20);

    // What was given may still wait for a hung store or for its turn.
    private static readonly TimeSpan Grace = 3 * Step;
    private readonly TestAuthority _authority = new();
    private readonly Random _chance = new(20260601);
    private readonly ConcurrentDictionary<string, Given> _given = new();
    private readonly MoodyStore _store = new();
    private int _faults;

    [Fact, Trait("Ring", "long")]
    [Trait("Rule", "S7"), Trait("Rule", "S8"), Trait("Rule", "S35"), Trait("Rule", "S39"), Trait("Rule", "S40")]
    public async Task No_handshake_gets_a_wrong_staple_or_none_while_a_valid_one_was_given()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SslStream takes no staples from outside on this system");
        Store = _store;
        Client.ScriptFor(RespondAsync);
        var contexts = new CertificateContexts(Engine);
        var stapler = new OcspStapler(contexts, Engine, HandOff, Monitor, new StaplingMetrics(Meters), Clock);
        var tally = new Tally();
        X509Certificate2? certificate = null;
        var (aheadUntil, rightSince) = (DateTimeOffset.MinValue, Clock.True);
        var ahead = TimeSpan.Zero;
        for (var step = 0; step < 70 * 24 * 3; step++)
        {
            // A renewed certificate every five days, met at its first handshake.
            if (step % (5 * 24 * 3) == 0)
            {
                certificate = _authority.Server(
                    new Uri("http://ocsp.example.test"),
                    notBefore: Clock.True.AddHours(-1),
                    notAfter: Clock.True.AddDays(20)
                );
                _given[KeyOf(certificate.SerialNumberBytes)] = new Given
                {
                    RevokedFrom = _given.Count % 3 == 1 ? Clock.True.AddDays(3) : null,
                };
            }

            if (ahead == TimeSpan.Zero && Draw() < 2)
            {
                ahead = TimeSpan.FromHours(Draw() < 50 ? 30 : -6);
                aheadUntil = Clock.True + (Step * (1 + (Draw() / 25)));
                Clock.Step(ahead);
                tally.Jumps++;
            }
            else if (ahead != TimeSpan.Zero && Clock.True >= aheadUntil)
            {
                Clock.Step(-ahead);
                (ahead, rightSince) = (TimeSpan.Zero, Clock.True);
            }

            _store.IsHung = step % 200 > 150;
            await AdvanceAsync(Step);
            var context = Show(stapler, certificate!);
            // By a clock that is wrong, what is right is wrong.
            if (ahead == TimeSpan.Zero)
            {
                var isClockSettled = Clock.True - rightSince > Step;
                var shown = Judge(context, isClockSettled);
                // It may still be on its way through a busy machine's threads: the clock waits.
                for (var wait = 0; shown.IsLate && wait < 1_000; wait++)
                {
                    await Task.Delay(10, TestContext.Current.CancellationToken);
                    shown = Judge(Show(stapler, certificate!), isClockSettled);
                }

                Assert.False(shown.IsLate, $"Step {step}: the staple is {shown.Staple?.ToString() ?? "none"}.");
                tally.Add(shown);
            }

            if (step % 50 == 0)
                Engine.Add(certificate!, [_authority.Certificate]);
        }

        // It was a soak and not a bath.
        Assert.InRange(tally.Stapled, 4000, 5040);
        Assert.InRange(tally.Revoked, 100, 3000);
        Assert.InRange(Client.Calls, 120, 3000);
        Assert.InRange(_faults, 20, 1000);
        Assert.InRange(tally.Jumps, 20, 200);
        Assert.True(_store.Hung > 10, "The store was never wanted while it hung.");
        // Of fourteen certificates only the last ones are still kept.
        Assert.InRange(Engine.Staples.Count, 1, 4);
    }

    private int Draw()
    {
        lock (_chance)
            return _chance.Next(100);
    }

    private static SslStreamCertificateContext Show(OcspStapler stapler, X509Certificate2 certificate)
    {
        var handshake = new SslServerAuthenticationOptions { ServerCertificate = certificate };
        stapler.Apply(handshake);
        return handshake.ServerCertificateContext!;
    }

    private Shown Judge(SslStreamCertificateContext context, bool isClockSettled)
    {
        var given = _given[KeyOf(context.TargetCertificate.SerialNumberBytes)];
        if (ContextPeek.StapleOf(context) is not { } bytes)
            return new(null, IsLate: isClockSettled && given.Until > Clock.True && given.Since + Grace <= Clock.True);
        var subject = OcspSubject.FromCertificate(context.TargetCertificate, _authority.Certificate);
        var result = OcspVerifier.Verify(bytes, subject, new VerificationPolicy(), Clock.True);
        Assert.True(result.TryGetStaple(out var staple, out var rejection), rejection?.ToString());
        Assert.True(staple.ExpiresAt > Clock.True, $"A handshake had a staple that was over at {staple.ExpiresAt}.");
        return new(
            staple.Status.Kind,
            IsLate: given.RevokedAt + Grace <= Clock.True && staple.Status.Kind != CertStatusKind.Revoked
        );
    }

    private async Task<OcspFetch> RespondAsync(
        OcspSubject subject,
        IReadOnlyList<Uri> urls,
        CancellationToken cancellationToken
    )
    {
        var given = _given[KeyOf(subject.SerialNumber)];
        var now = Clock.True;
        // A responder and a verifier whose clocks differ by hours: whatever comes is not believed, as it should be.
        if (Clock.GetUtcNow() != now)
            return ScriptedClient.Failed;
        var draw = Draw();
        if (draw < 30)
            Interlocked.Increment(ref _faults);
        switch (draw)
        {
            case < 8:
                return ScriptedClient.Failed;
            case < 13:
                throw new InvalidOperationException("not foreseen");
            case < 18:
                await Task.Delay(TimeSpan.FromSeconds(30), Clock, cancellationToken);
                return ScriptedClient.Failed;
            case < 24:
                return Answer(CertStatus.Unknown, now.AddMinutes(-1), now.AddDays(1));
            case < 30:
                // A lagging replica: still valid, but older than what was given before.
                return Answer(CertStatus.Good, now.AddHours(-20), now.AddHours(2));
            default:
                var status = given.RevokedFrom is { } from && from <= now ? CertStatus.Revoked(from) : CertStatus.Good;
                if (status.Kind == CertStatusKind.Revoked)
                    given.RevokedAt ??= now;
                if (given.Until < now)
                    given.Since = now;
                given.Until = now.AddDays(1);
                return Answer(status, now.AddMinutes(-5), now.AddDays(1));
        }

        OcspFetch Answer(CertStatus status, DateTimeOffset thisUpdate, DateTimeOffset nextUpdate) =>
            ScriptedClient.Answered(urls, Staples.Verified(_authority, subject, status, thisUpdate, nextUpdate, now));
    }

    private static string KeyOf(ReadOnlyMemory<byte> serialNumber) => Convert.ToHexString(serialNumber.Span);

    /// <summary>What the responder has said of a certificate.</summary>
    private sealed class Given
    {
        public DateTimeOffset? RevokedFrom { get; init; }

        public DateTimeOffset Since { get; set; }

        public DateTimeOffset Until { get; set; }

        public DateTimeOffset? RevokedAt { get; set; }
    }

    /// <summary>What a handshake showed.</summary>
    /// <param name="Staple">Its staple's status, or null when there was none.</param>
    /// <param name="IsLate">Whether by now there should be one, or one that says "revoked".</param>
    private sealed record Shown(CertStatusKind? Staple, bool IsLate);

    private sealed class Tally
    {
        public int Stapled { get; private set; }

        public int Revoked { get; private set; }

        public int Jumps { get; set; }

        public void Add(Shown shown)
        {
            Stapled += shown.Staple is null ? 0 : 1;
            Revoked += shown.Staple == CertStatusKind.Revoked ? 1 : 0;
        }
    }

    private sealed class MoodyStore : IStapleStore
    {
        private readonly ConcurrentDictionary<string, byte[]> _kept = new();
        private int _hung;

        public bool IsHung { get; set; }

        public int Hung => Volatile.Read(ref _hung);

        public async ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken)
        {
            await HangAsync(cancellationToken);
            return _kept.GetValueOrDefault(certificate);
        }

        public async ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken)
        {
            await HangAsync(cancellationToken);
            _kept[certificate] = staple.Encoded.ToArray();
        }

        private async ValueTask HangAsync(CancellationToken cancellationToken)
        {
            if (!IsHung)
                return;
            Interlocked.Increment(ref _hung);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
