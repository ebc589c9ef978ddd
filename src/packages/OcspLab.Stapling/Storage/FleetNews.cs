using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace OcspLab.Stapling.Storage;

/// <summary>
/// The channel as the engine sees it: what fails or hangs in it costs a line in the log, and that the other instances
/// learn of news when their own time comes. Thread-safe.
/// </summary>
internal sealed class FleetNews(IStapleChannel? channel, TimeProvider clock, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Outage _outage = new(clock);
    private bool _isListening;
    private bool _isFailing;

    /// <summary>Tells the other instances that the store has a newer response of a certificate.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The boundary to channels that anybody may write.")]
    public async Task TellAsync(string certificate, CancellationToken stopping)
    {
        if (channel is null || !_outage.MayTry(out var isProbe))
            return;
        using var timer = new CancellationTokenSource(Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stopping);
        try
        {
            await channel.TellAsync(certificate, either.Token).AsTask().WaitAsync(either.Token).ConfigureAwait(false);
            _outage.End();
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            _outage.Begin(isProbe);
            Fail(timer.IsCancellationRequested ? $"no answer within {Timeout.TotalSeconds} s" : exception.Message);
        }
    }

    /// <summary>Begins to listen, if it has not yet.</summary>
    /// <param name="heard">Called with what other instances have told, by one thread at a time.</param>
    /// <param name="stopping">Ends it.</param>
    public void Listen(Action<string> heard, CancellationToken stopping)
    {
        lock (_gate)
        {
            if (channel is null || _isListening)
                return;
            _isListening = true;
        }

        // The context of the handshake that has brought the first certificate is not this loop's.
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(() => ListenAsync(heard, stopping), CancellationToken.None);
    }

    [SuppressMessage("Design", "CA1031", Justification = "The boundary to channels that anybody may write.")]
    private async Task ListenAsync(Action<string> heard, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await foreach (var certificate in channel!.ListenAsync(stopping).ConfigureAwait(false))
                {
                    Recover();
                    heard(certificate);
                }
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                Fail(exception.Message);
            }
            catch (Exception)
            {
                return;
            }

            await Task.Delay(RetryDelay, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Once, and not every five seconds.
    private void Fail(string why)
    {
        lock (_gate)
        {
            if (_isFailing)
                return;
            _isFailing = true;
        }

        logger.ChannelFailed(why);
    }

    private void Recover()
    {
        lock (_gate)
        {
            if (!_isFailing)
                return;
            _isFailing = false;
        }

        logger.ChannelRecovered();
    }

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);
}
