namespace OcspLab.Responder;

/// <summary>The latest requests and their answers, as many as there is room for. Thread-safe.</summary>
internal sealed class RequestJournal(int capacity, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Queue<JournalEntry> _entries = new();
    private long _number;

    public bool IsKept => capacity > 0;

    /// <summary>Notes an answer.</summary>
    /// <param name="context">Of the request.</param>
    /// <param name="reply">What was decided.</param>
    /// <param name="status">HTTP's status, or null where nothing is sent.</param>
    /// <param name="fault">The fault that was asked for, or null.</param>
    public void Note(HttpContext context, OcspReply reply, int? status, string? fault = null)
    {
        if (!IsKept)
            return;
        var agent = context.Request.Headers.UserAgent.ToString();
        var client = $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";
        lock (_lock)
        {
            if (_entries.Count == capacity)
                _entries.Dequeue();
            _entries.Enqueue(new JournalEntry(++_number, clock.GetUtcNow(), client, context.Request.Method, reply.SerialNumbers, reply.Outcome, status, fault, agent.Length == 0 ? null : agent[..Math.Min(agent.Length, LongestAgent)]));
        }
    }

    /// <summary>What came after an entry, oldest first.</summary>
    /// <param name="after">The number of the last entry that is known; 0 for all.</param>
    public IReadOnlyList<JournalEntry> Since(long after)
    {
        lock (_lock)
            return [.. _entries.SkipWhile(entry => entry.Number <= after)];
    }

    private const int LongestAgent = 200;
}
