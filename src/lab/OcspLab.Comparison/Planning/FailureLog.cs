using System.Collections.Concurrent;

namespace OcspLab.Comparison.Planning;

/// <summary>What failed in parts of a comparison whose other parts go on. It may be used from any thread.</summary>
internal sealed class FailureLog
{
    private readonly ConcurrentQueue<string> _failures = [];

    public IReadOnlyList<string> All => [.. _failures];

    public void Add(string part, string reason) => _failures.Enqueue($"{part}: {reason}");

    /// <summary>Adds a failure, unless an interrupt is behind it.</summary>
    public async Task AddAsync(string part, Exception exception, CancellationToken cancellationToken)
    {
        if (!await Interrupt.IsBehindFailureAsync(cancellationToken).ConfigureAwait(false))
            Add(part, exception.Message);
    }
}
