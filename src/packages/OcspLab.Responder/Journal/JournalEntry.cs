using OcspLab.Responder.Telemetry;

namespace OcspLab.Responder.Journal;

/// <summary>A request that was answered.</summary>
/// <param name="Number">Counts from 1 since the responder started.</param>
/// <param name="At">When it was answered.</param>
/// <param name="Client">Who asked: address and port.</param>
/// <param name="Protocol">HTTP's version as Kestrel writes it, such as <c>HTTP/1.1</c>.</param>
/// <param name="Method">GET, HEAD, POST, or other.</param>
/// <param name="SerialNumbers">
/// What about, in lower-case hexadecimal; empty where the request could not be read.
/// </param>
/// <param name="Outcome">What the response said.</param>
/// <param name="Status">HTTP's status; null where nothing was sent.</param>
/// <param name="Fault">The fault that was asked for, or null.</param>
/// <param name="UserAgent">What the client says it is, cut at 200 characters, or null.</param>
public sealed record JournalEntry(
    long Number,
    DateTimeOffset At,
    string Client,
    string Protocol,
    string Method,
    IReadOnlyList<string> SerialNumbers,
    ResponseOutcome Outcome,
    int? Status,
    string? Fault,
    string? UserAgent
);
