namespace OcspLab.Responder.Faults;

/// <summary>A fault that is in force.</summary>
/// <param name="Id">Its number, to take it back by.</param>
/// <param name="Kind">What is done.</param>
/// <param name="SerialNumber">To questions about this certificate only; null for all.</param>
/// <param name="Requests">To so many requests more; null for no limit.</param>
/// <param name="Until">Until then; null for no end.</param>
/// <param name="Duration">
/// How long <see cref="FaultKind.Delay"/> waits, or <see cref="FaultKind.ShortValidity"/> lasts.
/// </param>
/// <param name="Since">When it was asked for, by the responder's clock.</param>
public sealed record Fault(
    long Id,
    FaultKind Kind,
    string? SerialNumber,
    int? Requests,
    DateTimeOffset? Until,
    TimeSpan Duration,
    DateTimeOffset Since
);

/// <summary>A fault to be asked for.</summary>
/// <param name="Kind">What is to be done.</param>
/// <param name="Certificate">For questions about this certificate only, by name or serial number; null for all.</param>
/// <param name="Requests">For so many requests, 1 or more; null for no limit.</param>
/// <param name="For">For so long, up to 30 days; null until it is taken back.</param>
/// <param name="Duration">
/// How long <see cref="FaultKind.Delay"/> waits (default 2 seconds), or <see cref="FaultKind.ShortValidity"/> lasts
/// (default 5 seconds); up to an hour.
/// </param>
public sealed record FaultOrder(
    FaultKind Kind,
    string? Certificate = null,
    int? Requests = null,
    TimeSpan? For = null,
    TimeSpan? Duration = null
);
