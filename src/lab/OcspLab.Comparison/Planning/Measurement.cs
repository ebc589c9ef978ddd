namespace OcspLab.Comparison.Planning;

/// <summary>
/// What can be measured. A measurement and a scenario are the experiments of a comparison; the names are what
/// <c>--experiments</c> takes.
/// </summary>
public enum Measurement
{
    /// <summary>How long until a client knows the status, with a staple and by asking itself.</summary>
    Latency,

    /// <summary>What the responder is asked, and learns, for 1 to 1,000 clients.</summary>
    Load,

    /// <summary>What a staple costs the server.</summary>
    Cost,

    /// <summary>What real clients and browsers make of staples, and of their absence.</summary>
    Clients,

    /// <summary>
    /// Handshakes with a fleet while its parts are killed by turns. It wants Redis, PostgreSQL and HAProxy, and is run
    /// only where it is named.
    /// </summary>
    Fleet,
}
