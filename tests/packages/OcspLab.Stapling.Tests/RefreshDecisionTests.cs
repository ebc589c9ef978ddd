using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

public sealed class RefreshDecisionTests
{
    private static readonly DateTimeOffset Now = TestAuthority.Now;

    [Fact, Trait("Rule", "S9")]
    public void Nothing_is_a_failure() => Assert.Equal(RefreshOutcome.Failed, Judge(null, null));

    [Fact, Trait("Rule", "S8")]
    public void A_response_is_over_with_the_second_in_which_it_ends()
    {
        Assert.Equal(RefreshOutcome.Expired, Judge(Staple(Now.AddHours(-1), Now), null));
        Assert.Equal(RefreshOutcome.Good, Judge(Staple(Now.AddHours(-1), Now.AddSeconds(1)), null));
    }

    [Fact]
    public void An_older_response_than_what_is_held_is_not_believed()
    {
        var (older, newer) = (Staple(Now.AddHours(-2), Now.AddHours(5)), Staple(Now.AddHours(-1), Now.AddHours(4)));
        Assert.Equal(RefreshOutcome.Older, Judge(older, newer));
        Assert.Equal(RefreshOutcome.Good, Judge(newer, older));
        Assert.Equal(RefreshOutcome.Good, Judge(newer, newer));
    }

    [Fact, Trait("Rule", "S11")]
    public void Good_and_revoked_are_believed_and_unknown_is_not()
    {
        Assert.Equal(
            [RefreshOutcome.Good, RefreshOutcome.Revoked],
            Enum.GetValues<RefreshOutcome>().Where(RefreshDecision.IsBelieved)
        );
        Assert.Equal(RefreshOutcome.Unknown, Judge(Staples.Verified(CertStatus.Unknown), null));
    }

    [Fact, Trait("Rule", "S10")]
    public void Only_revoked_is_withheld_and_only_where_the_policy_says_so()
    {
        var (good, revoked) = (Staples.Verified(), Staples.Verified(CertStatus.Revoked(Now.AddHours(-1))));
        Assert.Same(good, RefreshDecision.ToStaple(good, RevokedPolicy.Withhold));
        Assert.Same(good, RefreshDecision.ToStaple(good, RevokedPolicy.Staple));
        Assert.Same(revoked, RefreshDecision.ToStaple(revoked, RevokedPolicy.Staple));
        Assert.Null(RefreshDecision.ToStaple(revoked, RevokedPolicy.Withhold));
    }

    private static RefreshOutcome Judge(VerifiedStaple? fetched, VerifiedStaple? held) =>
        RefreshDecision.Judge(
            new OcspFetch
            {
                Staple = fetched,
                Attempts = [],
                Duration = TimeSpan.Zero,
            },
            held,
            Now
        );

    private static VerifiedStaple Staple(DateTimeOffset thisUpdate, DateTimeOffset nextUpdate) =>
        Staples.Verified(thisUpdate: thisUpdate, nextUpdate: nextUpdate, now: thisUpdate);
}
