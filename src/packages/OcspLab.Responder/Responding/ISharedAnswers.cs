using OcspLab.Ocsp.Requests;
using OcspLab.Responder.Authorities;

namespace OcspLab.Responder.Responding;

/// <summary>What responders that share a database have signed for each other. Never throws. Thread-safe.</summary>
internal interface ISharedAnswers
{
    /// <summary>The answer to a question that another has signed, or null.</summary>
    /// <param name="question">The question, as it is shared.</param>
    /// <param name="authority">Whose certificate it is about.</param>
    /// <param name="id">The certificate.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<PreparedResponse?> FindAsync(
        byte[] question,
        Authority authority,
        CertId id,
        CancellationToken cancellationToken
    );

    /// <summary>Lets the others have an answer that was signed because somebody asked.</summary>
    /// <param name="question">The question.</param>
    /// <param name="authority">Whose certificate it is about.</param>
    /// <param name="response">The answer.</param>
    /// <param name="version">What the cache's version was before its status was looked up.</param>
    Task SaveAsync(byte[] question, Authority authority, PreparedResponse response, long version);
}
