using OcspLab.Responder.Responding;

namespace OcspLab.Responder.Journal;

/// <summary>Notes what is sent, and hands it on.</summary>
internal sealed class JournalingSender(IResponseSender inner, RequestJournal journal) : IResponseSender
{
    // Before it is sent: who has the response finds it in the journal.
    public Task SendAsync(HttpContext http, PreparedResponse response, int status = StatusCodes.Status200OK)
    {
        journal.Note(
            http,
            response,
            ResponseSender.StatusOf(http.Request, response, status),
            http.Features.Get<InjectedFault>()?.Name
        );
        return inner.SendAsync(http, response, status);
    }
}

/// <summary>A feature of a request: what was done to its response on purpose.</summary>
/// <param name="Name">The fault's name.</param>
internal sealed record InjectedFault(string Name);
