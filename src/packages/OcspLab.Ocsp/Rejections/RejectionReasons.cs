using System.Collections.Frozen;
using System.Text;

namespace OcspLab.Ocsp.Rejections;

/// <summary>The spelling of reasons outside the code.</summary>
public static class RejectionReasons
{
    /// <summary>The member's name in snake_case, for example <c>cert_id_mismatch</c>.</summary>
    public static string ToSnakeCase(this RejectionReason reason) => Names[reason];

    /// <summary>
    /// The section that the rule stands in, such as <c>RFC 6960 §3.2 (1)</c>; null where no RFC sets it.
    /// </summary>
    public static string? ToSection(this RejectionReason reason) =>
        reason switch
        {
            RejectionReason.TooLarge => null,
            RejectionReason.Malformed
            or RejectionReason.UndefinedResponseStatus
            or RejectionReason.UnsupportedResponseType
            or RejectionReason.Ambiguous => "RFC 6960 §4.2.1",
            RejectionReason.MalformedRequest
            or RejectionReason.InternalError
            or RejectionReason.TryLater
            or RejectionReason.SigRequired
            or RejectionReason.Unauthorized => "RFC 6960 §2.3",
            RejectionReason.CertIdMismatch => "RFC 6960 §3.2 (1)",
            RejectionReason.BadSignature => "RFC 6960 §3.2 (2)",
            RejectionReason.SignerNotFound
            or RejectionReason.SignerNotAuthorized
            or RejectionReason.SignerWithoutOcspSigning => "RFC 6960 §4.2.2.2",
            RejectionReason.SignerWithoutNoCheck => "RFC 6960 §4.2.2.2.1",
            RejectionReason.SignerKeyUsage => "RFC 5280 §4.2.1.3",
            RejectionReason.SignerUnknownCriticalExtension or RejectionReason.UnknownCriticalExtension =>
                "RFC 5280 §4.2",
            RejectionReason.SignerExpired or RejectionReason.SignerNotYetValid => "RFC 6960 §3.2 (4)",
            RejectionReason.UnsupportedSignatureAlgorithm => "RFC 6960 §4.3",
            RejectionReason.WeakSignatureAlgorithm => "RFC 6194 §4",
            RejectionReason.NotYetValid or RejectionReason.Expired or RejectionReason.NextUpdateMissing =>
                "RFC 6960 §4.2.2.1",
            RejectionReason.InvertedValidity or RejectionReason.ProducedOutsideValidity => "RFC 6960 §2.4",
            RejectionReason.TooOld => "RFC 6960 §3.2 (5)",
            RejectionReason.NonceMismatch => "RFC 9654 §2.1",
            _ => throw new ArgumentOutOfRangeException(nameof(reason)),
        };

    private static readonly FrozenDictionary<RejectionReason, string> Names = Enum.GetValues<RejectionReason>()
        .ToFrozenDictionary(reason => reason, reason => SnakeCase(reason.ToString()));

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
