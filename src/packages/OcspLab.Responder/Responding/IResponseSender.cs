namespace OcspLab.Responder.Responding;

/// <summary>
/// Sends a response over HTTP. Where requests are noted or the responder is to misbehave, another stands before the one
/// that does it.
/// </summary>
internal interface IResponseSender
{
    /// <summary>Sends it.</summary>
    /// <param name="http">The request.</param>
    /// <param name="response">What is sent.</param>
    /// <param name="status">
    /// HTTP's status: 200 for OCSP errors too, since clients do not look for an OCSP status behind any other.
    /// </param>
    Task SendAsync(HttpContext http, PreparedResponse response, int status = StatusCodes.Status200OK);
}
