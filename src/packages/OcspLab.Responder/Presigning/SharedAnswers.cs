using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Requests;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Settings;

namespace OcspLab.Responder.Presigning;

/// <summary>
/// What other responders have signed, where they share a database: a certificate is signed for once, and not once by
/// each. What is found is verified as a client would, and given only where the source says the same. A database that
/// fails costs one signature more. Thread-safe.
/// </summary>
internal sealed class SharedAnswers(
    AnswerStore answers,
    ResponseCache cache,
    IOptions<ResponderOptions> options,
    TimeProvider clock,
    ILogger<SharedAnswers> logger
) : ISharedAnswers
{
    private long _failedAt = long.MinValue;

    /// <inheritdoc/>
    public async Task<PreparedResponse?> FindAsync(
        byte[] question,
        Authority authority,
        CertId id,
        CancellationToken cancellationToken
    )
    {
        // The last look for changes knows better than what was kept.
        if (
            answers.Shared is not { } store
            || authority.SourceFault is not null
            || !IsPresigned(authority)
            || !MayTry()
        )
            return null;
        if (await TryReadAsync(store, question, cancellationToken).ConfigureAwait(false) is not { } encoded)
            return null;
        try
        {
            var kept = new KeptAnswers(store, [authority], cache, clock);
            var found = await kept.TryLoadAsync(question, encoded, authority, id, cancellationToken)
                .ConfigureAwait(false);
            return found is not null && clock.GetUtcNow() < found.Shelf.RenewAt ? found.Response : null;
        }
        catch (IOException)
        {
            // The source cannot be asked: whoever signs says so.
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task SaveAsync(byte[] question, Authority authority, PreparedResponse response, long version)
    {
        if (answers.Shared is not { } store || !IsPresigned(authority) || !MayTry())
            return;
        try
        {
            await store.SaveAsync(question, response.Body, response.Caching!.ThisUpdate).ConfigureAwait(false);
            Interlocked.Exchange(ref _failedAt, long.MinValue);
            // Whoever changed something in between has taken away an older one.
            if (cache.Version != version)
                store.Remove(question);
        }
        catch (IOException exception)
        {
            Fail(store, exception.Message);
        }
    }

    private bool IsPresigned(Authority authority) =>
        options.Value.Authorities[authority.Name].Presign == PresignMode.Listed;

    // Clients wait for it.
    private async Task<byte[]?> TryReadAsync(
        PostgresAnswers store,
        byte[] question,
        CancellationToken cancellationToken
    )
    {
        using var timer = new CancellationTokenSource(ReadTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            var found = await store.FindAsync(question, either.Token).ConfigureAwait(false);
            Interlocked.Exchange(ref _failedAt, long.MinValue);
            return found;
        }
        catch (IOException exception)
        {
            Fail(store, exception.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Fail(store, $"no answer within {ReadTimeout.TotalSeconds} s");
        }

        return null;
    }

    // While it fails one alone tries it, every few seconds.
    private bool MayTry()
    {
        var failedAt = Interlocked.Read(ref _failedAt);
        return failedAt == long.MinValue
            || (
                clock.GetElapsedTime(failedAt) >= RetryDelay
                && Interlocked.CompareExchange(ref _failedAt, clock.GetTimestamp(), failedAt) == failedAt
            );
    }

    private void Fail(PostgresAnswers store, string why)
    {
        Interlocked.Exchange(ref _failedAt, clock.GetTimestamp());
        logger.AnswerStoreFailed(store.Name, why);
    }

    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);
}
