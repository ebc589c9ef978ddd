using System.Threading.RateLimiting;

namespace OcspLab.Responder.Sources;

/// <summary>Waiting for a turn, for a time.</summary>
internal static class LimiterPatience
{
    /// <summary>Waits for a turn; one that was not acquired is refused: too many wait, or it took too long.</summary>
    public static async ValueTask<RateLimitLease> TryEnterAsync(
        this RateLimiter limiter,
        TimeSpan patience,
        TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        // Most of the time there is nothing to wait for, and a refusal needs no timer.
        var turn = limiter.AttemptAcquire();
        if (turn.IsAcquired)
            return turn;
        using var timer = new CancellationTokenSource(patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            return await limiter.AcquireAsync(1, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return turn;
        }
    }
}
