using OcspLab.Stapling.Handshakes;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Tests;

/// <summary>What the handshake at start proves.</summary>
public sealed class CanaryTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);

    // On a machine that is too busy for one handshake in time this gave stapling up until the next start, and a
    // must-staple certificate was shown without its staple.
    [Fact]
    public void A_handshake_that_takes_too_long_is_no_proof_against_stapling() =>
        Assert.Equal(
            HandOffMode.Unproven,
            StapleCanary
                .Check(
                    async cancellationToken =>
                    {
                        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                        return true;
                    },
                    Soon
                )
                .Mode
        );

    [Fact]
    public void Staples_are_handed_over_all_the_same()
    {
        var status = new HandOffStatus();
        status.GiveUp(HandOffMode.Unproven, "busy");
        Assert.True(status.IsWorking);
        Assert.Equal("busy", status.State.Obstacle);
    }

    [Fact]
    public void A_handshake_that_is_cancelled_by_something_else_is() =>
        Assert.Equal(
            HandOffMode.RuntimeOwn,
            StapleCanary.Check(_ => throw new OperationCanceledException(), TimeSpan.FromMinutes(1)).Mode
        );

    [Fact]
    public void A_handshake_without_the_staple_is() =>
        Assert.Equal(
            HandOffMode.RuntimeOwn,
            StapleCanary.Check(_ => Task.FromResult(false), TimeSpan.FromMinutes(1)).Mode
        );

    [Fact]
    public void A_runtime_with_other_fields_is() =>
        Assert.Equal(
            HandOffMode.RuntimeOwn,
            StapleCanary.Check(_ => throw new MissingFieldException("_ocspResponse"), TimeSpan.FromMinutes(1)).Mode
        );
}
