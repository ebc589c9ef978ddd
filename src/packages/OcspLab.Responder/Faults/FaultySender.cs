using OcspLab.Responder.Journal;
using OcspLab.Responder.Responding;

namespace OcspLab.Responder.Faults;

/// <summary>Does to right responses what the faults in force ask for: for laboratories.</summary>
/// <param name="inner">Sends what is left to be sent.</param>
/// <param name="injector">The faults.</param>
/// <param name="journal">Is told of a request that gets no response, or null.</param>
internal sealed class FaultySender(IResponseSender inner, FaultInjector injector, RequestJournal? journal)
    : IResponseSender
{
    public async Task SendAsync(HttpContext http, PreparedResponse response, int status = StatusCodes.Status200OK)
    {
        // What is no OCSP request has no response to spoil.
        if (status != StatusCodes.Status200OK || !injector.IsArmed || injector.Take(response) is not { } fault)
        {
            await inner.SendAsync(http, response, status).ConfigureAwait(false);
            return;
        }

        http.Features.Set(new InjectedFault(fault.Kind.ToString()));
        if (await injector.InterruptAsync(http, fault).ConfigureAwait(false))
            journal?.Note(
                http,
                response,
                http.Response.HasStarted ? http.Response.StatusCode : null,
                fault.Kind.ToString()
            );
        else
            await inner.SendAsync(http, injector.Spoil(response, fault), status).ConfigureAwait(false);
    }
}
