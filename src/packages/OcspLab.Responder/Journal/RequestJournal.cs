using OcspLab.Responder.Responding;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Responder.Journal;

/// <summary>Notes requests and their answers, where somebody wants to know. Thread-safe.</summary>
/// <param name="note">Is told each.</param>
/// <param name="clock">The time.</param>
internal sealed class RequestJournal(Action<JournalEntry> note, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private long _number;

    /// <summary>Notes a response.</summary>
    /// <param name="context">Of the request.</param>
    /// <param name="response">What was decided.</param>
    /// <param name="status">HTTP's status, or null where nothing is sent.</param>
    /// <param name="fault">The fault that was asked for, or null.</param>
    public void Note(HttpContext context, PreparedResponse response, int? status, string? fault = null)
    {
        var agent = context.Request.Headers.UserAgent.ToString();
        // Numbered and handed on in one step: who reads on from a number must not miss a smaller one.
        lock (_lock)
        {
            note(
                new JournalEntry(
                    ++_number,
                    clock.GetUtcNow(),
                    $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}",
                    context.Request.Protocol,
                    RequestCount.MethodOf(context.Request),
                    response.SerialNumbers,
                    response.Outcome,
                    status,
                    fault,
                    agent.Length == 0 ? null : agent[..Math.Min(agent.Length, LongestAgent)]
                )
            );
        }
    }

    private const int LongestAgent = 200;
}
