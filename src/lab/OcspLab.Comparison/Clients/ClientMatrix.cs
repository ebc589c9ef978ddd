using OcspLab.Comparison.Planning;

namespace OcspLab.Comparison.Clients;

/// <summary>What real clients made of staples and of their absence.</summary>
/// <param name="Clients">Who was asked.</param>
/// <param name="Missing">Who could not be.</param>
/// <param name="Cases">In which situations.</param>
/// <param name="Observations">What they did.</param>
public sealed record ClientMatrix(
    IReadOnlyList<ComparedProgram> Clients,
    IReadOnlyList<MissingProgram> Missing,
    IReadOnlyList<ComparedSituation> Cases,
    IReadOnlyList<ClientObservation> Observations
);

/// <summary>One client in one situation.</summary>
/// <param name="Client">The client's name.</param>
/// <param name="Case">The situation's name.</param>
/// <param name="Outcome">Whether it connected.</param>
/// <param name="Said">What it said: the error's own name, the exit code, a word on the staple, or nothing.</param>
/// <param name="Requests">How often it asked the responder itself.</param>
/// <param name="Picture">What a browser showed, as PNG, or null.</param>
public sealed record ClientObservation(
    string Client,
    string Case,
    ClientOutcome Outcome,
    string Said,
    int Requests,
    ReadOnlyMemory<byte>? Picture = null
);

/// <summary>Whether a client connected.</summary>
public enum ClientOutcome
{
    /// <summary>It did: a page is loaded, a program goes on.</summary>
    Connects,

    /// <summary>It did not.</summary>
    Refuses,
}
