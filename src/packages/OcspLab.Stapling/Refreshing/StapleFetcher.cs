using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Refreshing;

/// <summary>Gets a response from where the settings say. Both ways end at the same verifier.</summary>
internal sealed class StapleFetcher(Func<string, IOcspClient> clients, TimeProvider clock)
{
    public Task<OcspFetch> FetchAsync(StapleSource source, OcspSubject subject, VerificationPolicy policy, CancellationToken cancellationToken) =>
        source.Kind == StapleSourceKind.File
            ? ReadAsync(source.Urls[0], subject, policy, cancellationToken)
            : clients(source.Client).FetchAsync(subject, source.Urls, policy, cancellationToken);

    private async Task<OcspFetch> ReadAsync(Uri file, OcspSubject subject, VerificationPolicy policy, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        OcspFetch Outcome(VerifiedStaple? staple, Rejection? rejection, string detail)
        {
            var duration = clock.GetElapsedTime(started);
            return new OcspFetch { Staple = staple, Attempts = [new FetchAttempt(file, null, null, null, rejection, detail, duration)], Duration = duration };
        }

        try
        {
            var bytes = await File.ReadAllBytesAsync(file.LocalPath, cancellationToken).ConfigureAwait(false);
            // A file was not asked for, so it answers no nonce.
            return OcspVerifier.Verify(bytes, subject, policy with { Nonce = null }, clock.GetUtcNow()).TryGetStaple(out var staple, out var rejection)
                ? Outcome(staple, null, "verified")
                : Outcome(null, rejection, rejection.ToString());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Outcome(null, null, exception.Message);
        }
    }
}
