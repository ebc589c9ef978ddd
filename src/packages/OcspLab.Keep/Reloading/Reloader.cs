using Microsoft.Extensions.Logging;
using OcspLab.Keep.Settings;

namespace OcspLab.Keep.Reloading;

/// <summary>
/// Has servers read their files again: once for many changes, not too often, and again when it has failed. Thread-safe.
/// </summary>
internal sealed class Reloader(string command, KeepOptions options, TimeProvider clock, ILogger logger)
{
    private readonly Lock _lock = new();
    private bool _isWanted;
    private long? _lastRun;
    private int _failures;

    /// <summary>What it runs.</summary>
    public string Command => command;

    /// <summary>Why the last one failed, or null.</summary>
    public string? Fault { get; private set; }

    /// <summary>Whether a server has yet to read something.</summary>
    public bool IsWanted
    {
        get
        {
            lock (_lock)
                return _isWanted;
        }
    }

    /// <summary>Something has changed that the server is to read.</summary>
    public void Request()
    {
        lock (_lock)
            _isWanted = true;
    }

    /// <summary>Reloads, if that is wanted and it is time.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_isWanted || (_lastRun is { } last && clock.GetElapsedTime(last) < Pause))
                return;
            // What changes from here on wants another one.
            _isWanted = false;
            _lastRun = clock.GetTimestamp();
        }

        var fault = "it was interrupted";
        try
        {
            fault = await RunAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Settle(fault);
        }
    }

    private void Settle(string? fault)
    {
        lock (_lock)
        {
            _failures = fault is null ? 0 : _failures + 1;
            if (fault is not null)
                _isWanted = true;
        }

        if (fault is not null && fault != Fault)
            logger.ReloadFailed(fault);
        else if (fault is null)
            logger.Reloaded(command);
        Fault = fault;
    }

    private async Task<string?> RunAsync(CancellationToken cancellationToken) =>
        (options.Test is { } test ? await RunAsync(test, cancellationToken).ConfigureAwait(false) : null)
        ?? await RunAsync(command, cancellationToken).ConfigureAwait(false);

    private Task<string?> RunAsync(string text, CancellationToken cancellationToken) =>
        ShellCommand.RunAsync(text, Nothing, options.CommandTimeout, cancellationToken);

    private TimeSpan Pause
    {
        get
        {
            var pause = options.ReloadInterval * Math.Pow(2, Math.Min(_failures, 10));
            return pause < Longest || _failures == 0 ? pause : Longest;
        }
    }

    private static readonly Dictionary<string, string> Nothing = [];
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);
}
