using OcspLab.Ocsp.Responses;

namespace OcspLab.Responder.Sources;

/// <summary>Why a certificate is revoked, and since when.</summary>
/// <param name="Reason">Why (RFC 5280 §5.3.1).</param>
public sealed record Revocation(RevocationReason Reason)
{
    /// <summary>
    /// When it was revoked, for one that happened elsewhere; null for now, and for the time that is known already.
    /// </summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>
    /// Since when the key is known or suspected to be compromised (invalidity date, RFC 5280 §5.3.2), or null.
    /// </summary>
    public DateTimeOffset? InvalidSince { get; init; }

    /// <summary>Revoked now, for a reason.</summary>
    public static implicit operator Revocation(RevocationReason reason) => FromRevocationReason(reason);

    /// <inheritdoc cref="op_Implicit"/>
    public static Revocation FromRevocationReason(RevocationReason reason) => new(reason);

    /// <exception cref="ArgumentException">It is none: a reason that takes back, or a time to come.</exception>
    internal void Require(DateTimeOffset now)
    {
        if (!Enum.IsDefined(Reason) || Reason == RevocationReason.RemoveFromCrl)
            throw new ArgumentException($"{Reason} is no reason to revoke.");
        if (At > now || InvalidSince > now)
            throw new ArgumentException("Nobody is revoked in the future.");
    }
}
