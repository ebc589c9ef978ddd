using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Refreshing;

/// <summary>What becomes of a response: pure functions of it, of what is held, of the settings and the time.</summary>
internal static class RefreshDecision
{
    /// <summary>What a fetch comes to.</summary>
    /// <param name="fetch">The fetch.</param>
    /// <param name="newest">The newest response that was believed so far, or null.</param>
    /// <param name="now">The time.</param>
    public static RefreshOutcome Judge(OcspFetch fetch, VerifiedStaple? newest, DateTimeOffset now)
    {
        if (fetch.Staple is not { } staple)
            return RefreshOutcome.Failed;
        if (staple.ExpiresAt <= now)
            return RefreshOutcome.Expired;
        // A cache or a lagging replica: what is held knows more.
        if (staple.IsOlderThan(newest))
            return RefreshOutcome.Older;
        return OutcomeOf(staple);
    }

    /// <summary>What a response says.</summary>
    public static RefreshOutcome OutcomeOf(VerifiedStaple staple) =>
        staple.Status.Kind switch
        {
            CertStatusKind.Good => RefreshOutcome.Good,
            CertStatusKind.Revoked => RefreshOutcome.Revoked,
            _ => RefreshOutcome.Unknown,
        };

    /// <summary>Whether the response takes the place of the one held.</summary>
    public static bool IsBelieved(RefreshOutcome outcome) => outcome is RefreshOutcome.Good or RefreshOutcome.Revoked;

    /// <summary>
    /// What handshakes get of a response that is believed: whatever the policy, the older <em>good</em> is gone.
    /// </summary>
    public static VerifiedStaple? ToStaple(VerifiedStaple believed, RevokedPolicy policy) =>
        believed.Status.Kind == CertStatusKind.Revoked && policy == RevokedPolicy.Withhold ? null : believed;
}
