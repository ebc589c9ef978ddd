using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace OcspLab.Stapling.Storage;

/// <summary>
/// Tries what a store is asked for: on threads of its own, a few at a time, with a deadline, and after a failure seldom
/// for a while. Thread-safe.
/// </summary>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "A source without a timer holds nothing; whoever waits on its token may still do so."
)]
internal sealed class StoreAttempts(IStapleStore? store, BlockingThreads threads, TimeProvider clock, ILogger logger)
{
    private readonly Lock _gate = new();
    private CancellationTokenSource _leftAlone = new();
    private readonly Outage _outage = new(clock);

    // What waits for its turn while ten thousand are loaded is not slow by itself, and a store's connections are few.
    private readonly SemaphoreSlim _turns = new(MostAtOnce);
    private bool _isFailing;

    /// <summary>The store, or null where there is none.</summary>
    public IStapleStore? Store => store;

    /// <summary>Whether the store has failed, and is left alone most of the time.</summary>
    public bool IsOut => _outage.IsOn;

    /// <summary>Asks the store for something. Throws only when it is told to stop.</summary>
    /// <param name="attempt">What it is asked for.</param>
    /// <param name="otherwise">What counts where it does not answer.</param>
    /// <param name="concern">What a failure says.</param>
    /// <param name="stopping">Ends it.</param>
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The boundary to stores that anybody may write: whatever goes wrong in one must not cost a "
            + "staple."
    )]
    public async Task<T> TryAsync<T>(
        Func<IStapleStore, CancellationToken, ValueTask<T>> attempt,
        T otherwise,
        Concern concern,
        CancellationToken stopping
    )
    {
        CancellationToken leftAlone;
        lock (_gate)
            leftAlone = _leftAlone.Token;
        if (store is null || !_outage.MayTry(out var isProbe))
            return otherwise;
        using var timer = new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, leftAlone, stopping);
        ITimer? deadline = null;
        var isTurn = false;
        // Whoever tries whether a store works again may find all threads stuck in it.
        if (isProbe)
            StartDeadline();
        try
        {
            await _turns.WaitAsync(either.Token).ConfigureAwait(false);
            isTurn = true;
            var result = await threads
                .RunAsync(
                    cancellationToken =>
                    {
                        // From here on: what waits for a thread while ten thousand are saved is not slow by itself.
                        StartDeadline();
                        return attempt(store, cancellationToken);
                    },
                    either.Token
                )
                .ConfigureAwait(false);
            _outage.End();
            return result;
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            var isTimeout = timer.IsCancellationRequested;
            // One that was given up because another has failed says nothing, and a file that cannot be read is no store
            // that cannot be written.
            if ((isTimeout || (concern == Concern.Store && !leftAlone.IsCancellationRequested)) && Fail(isProbe))
                logger.StoreFailed(isTimeout ? $"no answer within {Timeout.TotalSeconds} s" : exception.Message);
            return otherwise;
        }
        finally
        {
            if (isTurn)
                _turns.Release();
            if (deadline is not null)
                await deadline.DisposeAsync().ConfigureAwait(false);
        }

        void StartDeadline() => deadline ??= clock.CreateTimer(GiveUp, timer, Timeout, Never);
    }

    private static void GiveUp(object? timer)
    {
        try
        {
            ((CancellationTokenSource)timer!).Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The attempt was over at the same moment.
        }
    }

    /// <returns>Whether that is news.</returns>
    private bool Fail(bool isProbe)
    {
        _outage.Begin(isProbe);
        CancellationTokenSource waiting;
        bool isNews;
        lock (_gate)
        {
            isNews = !_isFailing;
            _isFailing = true;
            (waiting, _leftAlone) = (_leftAlone, new CancellationTokenSource());
        }

        // Those that wait for a thread need not find out for themselves.
        waiting.Cancel();
        return isNews;
    }

    /// <summary>The store has shown that it works.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Recover()
    {
        lock (_gate)
        {
            var isNews = _isFailing;
            _isFailing = false;
            return isNews;
        }
    }

    /// <summary>Asks it whatever happened before, and whatever comes of it.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The boundary to stores that anybody may write.")]
    public async Task TryOnceAsync(Func<IStapleStore, CancellationToken, ValueTask> attempt)
    {
        using var timer = new CancellationTokenSource(Timeout, clock);
        try
        {
            await threads
                .RunAsync(
                    async cancellationToken =>
                    {
                        await attempt(store!, cancellationToken).ConfigureAwait(false);
                        return true;
                    },
                    timer.Token
                )
                .ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It ends by itself.
        }
    }

    private const int MostAtOnce = 8;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Never = System.Threading.Timeout.InfiniteTimeSpan;
}

/// <summary>What a failure says of the store.</summary>
internal enum Concern
{
    /// <summary>What goes wrong says nothing about other certificates.</summary>
    OneKey,

    /// <summary>What goes wrong says that the store does not work.</summary>
    Store,
}
