using System.Threading.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Refreshing;

/// <summary>
/// Gets a response from where the settings say, so many at a time from one responder and no more. Both ways end at the
/// same verifier.
/// </summary>
internal sealed class StapleFetcher(IServiceProvider clients, IOptions<StaplingOptions> options, TimeProvider clock)
    : IDisposable
{
    // Ten thousand certificates of one authority must not all come at once.
    private readonly PartitionedRateLimiter<string> _limiter = PartitionedRateLimiter.Create<string, string>(
        responder =>
            RateLimitPartition.GetConcurrencyLimiter(
                responder,
                _ => new ConcurrencyLimiterOptions
                {
                    PermitLimit = options.Value.MaximumConcurrency,
                    QueueLimit = int.MaxValue,
                }
            )
    );

    public async Task<OcspFetch> FetchAsync(
        StapleSource source,
        OcspSubject subject,
        VerificationPolicy policy,
        CancellationToken cancellationToken
    )
    {
        using var permit = await _limiter
            .AcquireAsync(source.Urls[0].Authority, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        return source.Kind == StapleSourceKind.File
            ? await ReadAsync(source.Urls[0], subject, policy, cancellationToken).ConfigureAwait(false)
            : await ClientOf(source).FetchAsync(subject, source.Urls, policy, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _limiter.Dispose();

    private IOcspClient ClientOf(StapleSource source) =>
        source.Client.Length == 0
            ? clients.GetRequiredService<IOcspClient>()
            : clients.GetRequiredKeyedService<IOcspClient>(source.Client);

    private async Task<OcspFetch> ReadAsync(
        Uri file,
        OcspSubject subject,
        VerificationPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var started = clock.GetTimestamp();
        try
        {
            var bytes = await File.ReadAllBytesAsync(file.LocalPath, cancellationToken).ConfigureAwait(false);
            // A file was not asked for, so it answers no nonce.
            var verification = OcspVerifier.Verify(bytes, subject, policy with { Nonce = null }, clock.GetUtcNow());
            return verification.TryGetStaple(out var staple, out var rejection)
                ? Outcome(staple, null, "verified")
                : Outcome(null, rejection, rejection.ToString());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Outcome(null, null, exception.Message);
        }

        OcspFetch Outcome(VerifiedStaple? staple, Rejection? rejection, string detail)
        {
            var duration = clock.GetElapsedTime(started);
            var attempt = new FetchAttempt(file, null, null, null, rejection, detail, duration);
            return new OcspFetch
            {
                Staple = staple,
                Attempts = [attempt],
                Duration = duration,
            };
        }
    }
}
