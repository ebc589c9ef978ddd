namespace OcspLab.Comparison.Planning;

/// <summary>
/// Ctrl-C. A terminal sends it to the servers and clients as well, it may reach them first, and what they then say is
/// no failure of theirs.
/// </summary>
internal static class Interrupt
{
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether what just failed did so because of one.</summary>
    public static async Task<bool> IsBehindFailureAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Grace, TimeProvider.System, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return cancellationToken.IsCancellationRequested;
    }
}
