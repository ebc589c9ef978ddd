using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Stapling.Certificates;

/// <summary>Which of two responses about a certificate knows more.</summary>
internal static class StapleAge
{
    /// <summary>
    /// Whether a response is older than what is held: by thisUpdate, and, since authorities round that, by producedAt;
    /// where both are the same a revocation wins.
    /// </summary>
    public static bool IsOlderThan(this VerifiedStaple staple, VerifiedStaple? held) =>
        held is not null && Compare(staple, held) < 0;

    /// <summary>Whether a response is news to who holds the other.</summary>
    public static bool IsNewerThan(this VerifiedStaple staple, VerifiedStaple? held) =>
        held is null || Compare(staple, held) > 0;

    private static int Compare(VerifiedStaple left, VerifiedStaple right) => Rank(left).CompareTo(Rank(right));

    private static (DateTimeOffset ThisUpdate, DateTimeOffset ProducedAt, bool IsRevoked) Rank(VerifiedStaple staple) =>
        (staple.ThisUpdate, staple.ProducedAt, staple.Status.Kind == CertStatusKind.Revoked);
}
