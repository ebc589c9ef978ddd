using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;

namespace OcspLab.Stapling.Refreshing;

/// <summary>
/// Gets a response from where the settings say, so many at a time from one responder and no more. Both ways end at the
/// same verifier.
/// </summary>
internal sealed class StapleFetcher(
    IServiceProvider clients,
    FileThreads threads,
    IOptionsMonitor<StaplingOptions> options,
    TimeProvider clock
) : IDisposable
{
    // Ten thousand certificates of one authority must not all come at once. Not a partitioned limiter, which wakes ten
    // times a second to look for idle partitions.
    private readonly ConcurrentDictionary<string, ConcurrencyLimiter> _limiters = new(StringComparer.OrdinalIgnoreCase);

    private readonly ConcurrentDictionary<string, Task<byte[]>> _reading = new(StringComparer.Ordinal);

    /// <summary>Waits for a permit to ask a source; it is given back when the result is disposed of.</summary>
    public async Task<IDisposable> EnterAsync(StapleSource source, CancellationToken cancellationToken) =>
        await _limiters
            .GetOrAdd(source.Urls[0].Authority, _ => CreateLimiter())
            .AcquireAsync(cancellationToken: cancellationToken)
            .ConfigureAwait(false);

    /// <summary>Gets a response, and verifies it.</summary>
    public Task<OcspFetch> FetchAsync(
        StapleSource source,
        OcspSubject subject,
        VerificationPolicy policy,
        CancellationToken cancellationToken
    ) =>
        source.Kind == StapleSourceKind.File
            ? ReadAsync(source.Urls[0], subject, policy, cancellationToken)
            : ClientOf(source).FetchAsync(subject, source.Urls, policy, cancellationToken);

    public void Dispose()
    {
        foreach (var limiter in _limiters.Values)
            limiter.Dispose();
    }

    private ConcurrencyLimiter CreateLimiter() =>
        new(
            new ConcurrencyLimiterOptions
            {
                PermitLimit = options.CurrentValue.MaximumConcurrency,
                QueueLimit = int.MaxValue,
            }
        );

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
        using var timer = new CancellationTokenSource(FileTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            // A file that hangs holds one thread, however often it is tried again.
            var reading = _reading.GetOrAdd(file.LocalPath, path =>
                threads.Threads.RunAsync(_ => ValueTask.FromResult(Read(path)), CancellationToken.None)
            );
            byte[] bytes;
            try
            {
                bytes = await reading.WaitAsync(either.Token).ConfigureAwait(false);
            }
            finally
            {
                if (reading.IsCompleted)
                    _reading.TryRemove(KeyValuePair.Create(file.LocalPath, reading));
            }

            // A file was not asked for, so it answers no nonce.
            var verification = OcspVerifier.Verify(bytes, subject, policy with { Nonce = null }, clock.GetUtcNow());
            return verification.TryGetStaple(out var staple, out var rejection)
                ? Outcome(staple, null, null, "verified")
                : Outcome(null, null, rejection, rejection.ToString());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Outcome(
                null,
                FetchFailure.TimedOut,
                null,
                $"could not be read within {FileTimeout.TotalSeconds:0} s"
            );
        }
        catch (InvalidDataException exception)
        {
            return Outcome(null, FetchFailure.TooLarge, null, exception.Message);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Outcome(null, null, null, exception.Message);
        }

        OcspFetch Outcome(VerifiedStaple? staple, FetchFailure? failure, Rejection? rejection, string detail)
        {
            var duration = clock.GetElapsedTime(started);
            var attempt = new FetchAttempt(file, failure, null, null, rejection, detail, duration);
            return new OcspFetch
            {
                Staple = staple,
                Attempts = [attempt],
                Duration = duration,
            };
        }
    }

    // It may be anything by now, also a pipe or something that never ends.
    private static byte[] Read(string path)
    {
        using var file = File.OpenRead(path);
        var buffer = new byte[MaximumFileSize + 1];
        var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length > MaximumFileSize
            ? throw new InvalidDataException($"more than {MaximumFileSize} bytes")
            : buffer[..length];
    }

    private const int MaximumFileSize = 64 * 1024;
    private static readonly TimeSpan FileTimeout = TimeSpan.FromSeconds(5);
}
