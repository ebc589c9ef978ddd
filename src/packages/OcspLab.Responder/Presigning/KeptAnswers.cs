using System.Runtime.CompilerServices;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Verification;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Presigning;

/// <summary>
/// The answers of the last run. They are believed as far as a client would, and only where the source still says the
/// same; what is not true any more is taken away.
/// </summary>
/// <param name="store">Where they are.</param>
/// <param name="authorities">Whose are looked at; others' are left where they are.</param>
/// <param name="cache">Where they are put.</param>
/// <param name="clock">Tells which of them have ended.</param>
internal sealed class KeptAnswers(
    IAnswerStore store,
    IReadOnlyCollection<Authority> authorities,
    ResponseCache cache,
    TimeProvider clock
)
{
    /// <summary>Loads them, one after the other.</summary>
    /// <exception cref="IOException">The store cannot be read, or the source not be asked.</exception>
    public async IAsyncEnumerable<KeptAnswer> LoadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        store.RemoveUnfinished();
        foreach (var (question, encoded) in store.ReadAll())
        {
            if (Asked(question) is not var (authority, id))
                continue;
            var answer = await TryLoadAsync(question, encoded, authority, id, cancellationToken).ConfigureAwait(false);
            if (answer is null)
                store.Remove(question);
            else
                yield return answer;
        }
    }

    private (Authority Authority, CertId Id)? Asked(byte[] question) =>
        OcspRequest.TryDecode(question, out var request, out _)
        && request is { CertIds: [var id] }
        && SerialNumbers.IsCanonical(id.ToString())
        && authorities.FirstOrDefault(authority => authority.Issued(id)) is { } authority
            ? (authority, id)
            : null;

    /// <summary>Puts one into the cache.</summary>
    /// <returns>Null where it is not true any more, or cannot be kept.</returns>
    /// <exception cref="IOException">The source cannot be asked.</exception>
    public async Task<KeptAnswer?> TryLoadAsync(
        byte[] question,
        byte[] encoded,
        Authority authority,
        CertId id,
        CancellationToken cancellationToken
    )
    {
        var serial = id.ToString();
        var policy = new VerificationPolicy { ClockSkew = TimeSpan.Zero };
        if (
            !OcspVerifier
                .Verify(encoded, authority.SubjectOf(serial), policy, clock.GetUtcNow())
                .TryGetStaple(out var staple, out _)
            || staple.NextUpdate is not { } nextUpdate
            || !staple.CertId.Equals(id)
        )
            return null;
        var version = cache.Version;
        if (
            await authority.Source.FindAsync(serial, cancellationToken).ConfigureAwait(false)
                is not { IsListed: true } found
            || !SaysTheSame(found, staple)
        )
            return null;
        var restored = ResponseFactory.Restore(authority.Policy, staple, nextUpdate);
        var shelf = restored.Shelf!.Value;
        return cache.Remember(question, authority, restored.Response, shelf, version)
            ? new KeptAnswer(authority, id, shelf, restored.Response)
            : null;
    }

    // An answer has whole seconds, and is silent about reasons that say nothing.
    private static bool SaysTheSame(SourceStatus found, VerifiedStaple staple) =>
        found.Status.Kind == staple.Status.Kind
        && found.Status.RevokedAt?.ToUnixTimeSeconds() == staple.Status.RevokedAt?.ToUnixTimeSeconds()
        && (found.ChangedAt is null || found.ChangedAt <= staple.ProducedAt.AddSeconds(1));
}

/// <summary>An answer that is true.</summary>
internal sealed record KeptAnswer(Authority Authority, CertId Id, Shelf Shelf, PreparedResponse Response)
{
    /// <summary>Whose certificate it is about.</summary>
    public (Authority Authority, string Serial) Subject => (Authority, Id.ToString());
}
