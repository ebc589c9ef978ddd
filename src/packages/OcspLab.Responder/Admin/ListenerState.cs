using OcspLab.Responder.Listening;

namespace OcspLab.Responder.Admin;

/// <summary>Whether the OCSP port is open.</summary>
/// <param name="State">Which of the two.</param>
/// <param name="Url">Where it listens, or null.</param>
public sealed record ListenerState(PortState State, string? Url)
{
    internal static ListenerState Of(OcspListener listener) =>
        listener.Url is { } url ? new(PortState.Started, url.ToString()) : new(PortState.Stopped, null);
}

/// <summary>Whether a port is open.</summary>
public enum PortState
{
    /// <summary>It is closed: connections are refused.</summary>
    Stopped,

    /// <summary>It is open.</summary>
    Started,
}
