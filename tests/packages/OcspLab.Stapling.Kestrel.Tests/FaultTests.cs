using Microsoft.Extensions.DependencyInjection;
using OcspLab.Probe;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>
/// What a responder does wrong, past the refresh point, past nextUpdate, and after it recovered. The procedure is that
/// of "Is the Web Ready for OCSP Must-Staple?" (Chung et al., IMC 2018), with more faults.
/// </summary>
public sealed class FaultTests : FaultBench
{
    [
        Theory,
        MemberData(nameof(Faults)),
        Trait("Rule", "S7"),
        Trait("Rule", "S8"),
        Trait("Rule", "S9"),
        Trait("Rule", "S13"),
        Trait("Rule", "S14"),
        Trait("Rule", "S23")
    ]
    public async Task The_last_good_staple_serves_until_next_update_then_nothing_then_the_new_one(Fault fault)
    {
        await using var app = await StartAsync(Quick);
        var status = app.Services.GetRequiredService<IStaplingStatus>();
        Assert.Equal(StapleVerdictKind.Good, await SeenAsync(app));

        // Past the refresh point.
        Responder.Script = context => CommitAsync(context, fault);
        Clock.Jump(TimeSpan.FromHours(13));
        await RefreshAsync(status);
        Assert.Equal(StapleVerdictKind.Good, await SeenAsync(app));
        Assert.NotEqual(RefreshOutcome.Good, status.Staples.Single().LastOutcome);

        // Past nextUpdate.
        Clock.Jump(TimeSpan.FromHours(11));
        Assert.Equal(StapleVerdictKind.Absent, await SeenAsync(app));
        await RefreshAsync(status);
        Assert.Equal(StapleVerdictKind.Absent, await SeenAsync(app));

        // Well again.
        Responder.Script = ScriptedServer.Send(() => Authority.Respond(Certificate, thisUpdate: Clock.GetUtcNow()));
        await Poll.UntilAsync(
            async () =>
            {
                await RefreshAsync(status);
                return status.Staples.Single().LastOutcome == RefreshOutcome.Good;
            },
            "the recovery"
        );
        Assert.Equal(StapleVerdictKind.Good, await SeenAsync(app));
    }

    private static Task<IReadOnlyList<StapleStatus>> RefreshAsync(IStaplingStatus status) =>
        status.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
}
