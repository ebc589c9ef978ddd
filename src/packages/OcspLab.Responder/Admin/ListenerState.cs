using OcspLab.Responder.Listening;

namespace OcspLab.Responder.Admin;

/// <summary>Whether the OCSP port is open.</summary>
/// <param name="State"><c>started</c> or <c>stopped</c>.</param>
/// <param name="Url">Where it listens, or null.</param>
public sealed record ListenerState(string State, string? Url)
{
    internal static ListenerState Of(OcspListener listener) =>
        listener.Url is { } url ? new("started", url.ToString()) : new("stopped", null);
}
