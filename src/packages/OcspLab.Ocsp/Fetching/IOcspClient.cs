using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Ocsp.Fetching;

/// <summary>Asks responders and verifies what they say. Thread-safe.</summary>
public interface IOcspClient
{
    /// <summary>
    /// Asks <paramref name="urls"/> in turn until one gives an answer that verifies, within one deadline.
    /// </summary>
    /// <exception cref="ArgumentException">A URL is not an absolute http or https URL.</exception>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled. Failures of the network are values.
    /// </exception>
    Task<OcspFetch> FetchAsync(
        OcspSubject subject,
        IReadOnlyList<Uri> urls,
        VerificationPolicy policy,
        CancellationToken cancellationToken
    );
}
