using System.Diagnostics.CodeAnalysis;
using OcspLab.Ocsp.Rejections;

namespace OcspLab.Ocsp.Verification;

/// <summary>Either a proof or the reason why there is none.</summary>
public readonly record struct VerificationResult
{
    private readonly VerifiedStaple? _staple;
    private readonly Rejection? _rejection;

    internal VerificationResult(VerifiedStaple staple) => _staple = staple;

    internal VerificationResult(Rejection rejection) => _rejection = rejection;

    /// <summary>The proof when the response is believed, else the rejection.</summary>
    public bool TryGetStaple(
        [NotNullWhen(true)] out VerifiedStaple? staple,
        [NotNullWhen(false)] out Rejection? rejection
    )
    {
        staple = _staple;
        rejection = _staple is null
            ? _rejection ?? new Rejection(RejectionReason.Malformed, "nothing was verified")
            : null;
        return _staple is not null;
    }
}
