using System.Collections.Concurrent;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>
/// Ten weeks on the fake clock with a responder that fails three times in ten, in every way that there is.
/// </summary>
public sealed class SoakTests : EngineBench
{
    private readonly ConcurrentQueue<VerifiedStaple> _given = new();

    [Fact, Trait("Rule", "S7"), Trait("Rule", "S8"), Trait("Rule", "S35")]
    public async Task No_handshake_gets_an_expired_staple_or_none_while_a_valid_one_was_given()
    {
        var chance = new Random(20260601);
        var faults = 0;
        Client.Script(
            async (urls, cancellationToken) =>
            {
                int draw;
                lock (chance)
                    draw = chance.Next(100);
                if (draw < 30)
                    Interlocked.Increment(ref faults);
                var now = Clock.GetUtcNow();
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
                        return ScriptedClient.Answered(
                            urls,
                            Staples.Verified(CertStatus.Unknown, now.AddMinutes(-1), now.AddDays(1), now)
                        );
                    case < 30:
                        // A lagging replica: still valid, but older than what was given before.
                        return ScriptedClient.Answered(
                            urls,
                            Staples.Verified(null, now.AddHours(-20), now.AddHours(2), now)
                        );
                    default:
                        var staple = Staples.Verified(null, now.AddMinutes(-5), now.AddDays(1), now);
                        _given.Enqueue(staple);
                        return ScriptedClient.Answered(urls, staple);
                }
            }
        );

        var slot = await AddAndWaitAsync();
        var unstapled = 0;
        for (var end = TestAuthority.Now.AddDays(70); Clock.GetUtcNow() < end; )
        {
            await AdvanceAsync(TimeSpan.FromMinutes(20));
            var now = Clock.GetUtcNow();
            var held = slot.Current;
            // As the handshake looks at it: what has expired is not stapled, held or not.
            var stapled = held is not null && held.ExpiresAt > now;
            if (stapled)
                Assert.Equal(CertStatusKind.Good, held!.Status.Kind);
            while (_given.TryPeek(out var oldest) && oldest.ExpiresAt <= now)
                _given.TryDequeue(out _);
            if (!stapled && !_given.IsEmpty)
                unstapled++;
        }

        Assert.Equal(0, unstapled);
        // It was a soak and not a bath: some two refreshes a day, and faults among them.
        Assert.InRange(Client.Calls, 120, 2000);
        Assert.InRange(faults, 20, 1000);
    }
}
