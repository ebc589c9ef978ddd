namespace OcspLab.Responder.Journal;

/// <summary>The latest entries, as many as there is room for. Thread-safe.</summary>
/// <param name="capacity">How many.</param>
internal sealed class JournalMemory(int capacity)
{
    private readonly Lock _lock = new();
    private readonly Queue<JournalEntry> _entries = new();

    public void Add(JournalEntry entry)
    {
        lock (_lock)
        {
            if (_entries.Count == capacity)
                _entries.Dequeue();
            _entries.Enqueue(entry);
        }
    }

    /// <summary>What came after an entry, in order.</summary>
    /// <param name="after">The number of the last entry that is known; 0 for all.</param>
    public IReadOnlyList<JournalEntry> Since(long after)
    {
        lock (_lock)
            return [.. _entries.Where(entry => entry.Number > after)];
    }
}
