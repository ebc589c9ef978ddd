using OcspLab.Responder.Authorities;
using OcspLab.Responder.Responding;

namespace OcspLab.Responder.Admin;

/// <summary>How the responder stands.</summary>
/// <param name="Authorities">Whom it answers for.</param>
/// <param name="CachedResponses">How many signed responses are cached.</param>
public sealed record ResponderStatus(IReadOnlyList<AuthorityStatus> Authorities, int CachedResponses)
{
    internal static ResponderStatus Of(AuthorityDirectory authorities, ResponseCache cache, TimeProvider clock) =>
        new([.. authorities.All.Select(authority => AuthorityStatus.Of(authority, clock.GetUtcNow()))], cache.Count);
}

/// <summary>How an authority stands.</summary>
/// <param name="Name">Its name in the settings.</param>
/// <param name="Issuer">Its distinguished name.</param>
/// <param name="SourceFault">Why its source cannot be asked, or null.</param>
/// <param name="Signers">Who signs for it.</param>
public sealed record AuthorityStatus(
    string Name,
    string Issuer,
    string? SourceFault,
    IReadOnlyList<SignerStatus> Signers
)
{
    internal static AuthorityStatus Of(Authority authority, DateTimeOffset now) =>
        new(
            authority.Name,
            authority.Issuer.Subject,
            authority.SourceFault,
            [
                .. authority.Signers.Select(signer => new SignerStatus(
                    signer.Key.Certificate.Subject,
                    signer.Key.Certificate.Thumbprint,
                    signer.NotAfter,
                    signer.Test(now)
                )),
            ]
        );
}

/// <summary>How a signer stands.</summary>
/// <param name="Subject">Its distinguished name.</param>
/// <param name="Thumbprint">SHA-1 of its certificate.</param>
/// <param name="NotAfter">When it ends.</param>
/// <param name="Fault">Why clients would not believe it, or null.</param>
public sealed record SignerStatus(string Subject, string Thumbprint, DateTimeOffset NotAfter, string? Fault);
