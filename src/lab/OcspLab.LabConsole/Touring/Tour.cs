using OcspLab.Lab.Timelines;
using OcspLab.Lab.Topology;
using OcspLab.LabConsole.Acting;
using OcspLab.LabConsole.Watching;
using OcspLab.Responder.Faults;

namespace OcspLab.LabConsole.Touring;

/// <summary>A step of the guided walk: something to do, and what must really be seen before it goes on.</summary>
/// <param name="Name">What the texts of the languages are found by.</param>
/// <param name="Actions">What is to be done, in order.</param>
/// <param name="IsSeen">Whether it was seen since the step began.</param>
public sealed record TourStep(
    string Name,
    Func<LabActions, IReadOnlyList<LabAction>> Actions,
    Func<TourView, bool> IsSeen
);

/// <summary>What was seen since a step began.</summary>
/// <param name="History">The lab.</param>
/// <param name="Since">When the step began.</param>
public sealed record TourView(LabHistory History, DateTimeOffset Since)
{
    /// <summary>What was seen of a server.</summary>
    public IReadOnlyList<Sighting> Of(string server) => History.Find(server)?.Since(Since) ?? [];

    /// <summary>Whether a server was seen so.</summary>
    public bool Has(string server, HandshakeResult result) => Of(server).Any(seen => seen.Result == result);

    /// <summary>Whether a server was seen so so many times, one after the other, and is.</summary>
    public bool Is(string server, HandshakeResult result, int times = 1)
    {
        var seen = Of(server);
        return seen.Count >= times && seen.TakeLast(times).All(sighting => sighting.Result == result);
    }

    /// <summary>When it first happened, or null.</summary>
    public DateTimeOffset? When(LabEventKind kind, string about = "") =>
        History
            .EventsSince(Since)
            .FirstOrDefault(known => known.Kind == kind && (about == "" || known.About == about))
            ?.At;

    /// <summary>The same from a moment on.</summary>
    public TourView After(DateTimeOffset moment) => this with { Since = moment };
}

/// <summary>The article's steps and the comparison's claims as a walk.</summary>
public static class Tour
{
    /// <summary>Its steps, those of nginx only where it is there.</summary>
    public static IReadOnlyList<TourStep> Steps(bool hasNginx) =>
        hasNginx
            ? [Good, ColdStart, Revoked, Restored, Outage, OutageRestart, Over, Forged]
            : [Good, RevokedAlone, Restored, Forged];

    private static readonly TourStep Good = new(
        "good",
        _ => [],
        view =>
            view.Is(Kestrel, HandshakeResult.Good, 2)
            && (view.History.Find(Nginx) is null || view.Is(Nginx, HandshakeResult.Good, 2))
    );

    private static readonly TourStep ColdStart = new(
        "coldStart",
        actions => [actions.RestartNginx(Nginx)],
        view =>
            view.When(LabEventKind.Restarted, Nginx) is { } restarted
            && view.After(restarted - RestartTolerance) is var after
            && after.Has(Nginx, HandshakeResult.Unstapled)
            && after.Is(Nginx, HandshakeResult.Good)
    );

    private static readonly TourStep Revoked = new(
        "revoked",
        actions => [actions.Revoke],
        view =>
            view.When(LabEventKind.Revoked) is { } revoked
            && view.After(revoked).Is(Kestrel, HandshakeResult.Revoked, 3)
            && view.After(revoked).Is(Nginx, HandshakeResult.Good, 3)
    );

    private static readonly TourStep RevokedAlone = new(
        "revoked",
        actions => [actions.Revoke],
        view =>
            view.When(LabEventKind.Revoked) is { } revoked
            && view.After(revoked).Is(Kestrel, HandshakeResult.Revoked, 3)
    );

    private static readonly TourStep Restored = new(
        "restored",
        actions => [actions.Restore],
        view =>
            view.When(LabEventKind.Restored) is { } restored
            && view.After(restored).Is(Kestrel, HandshakeResult.Good, 2)
    );

    private static readonly TourStep Outage = new(
        "outage",
        actions => [actions.Close],
        view =>
            view.When(LabEventKind.ResponderClosed) is { } closed
            && view.After(closed).Is(Kestrel, HandshakeResult.Good, 5)
    );

    private static readonly TourStep OutageRestart = new(
        "outageRestart",
        actions => [actions.RestartNginx(Nginx)],
        view =>
            view.When(LabEventKind.Restarted, Nginx) is { } restarted
            && view.After(restarted).Is(Nginx, HandshakeResult.Unstapled, 3)
            && view.After(restarted).Is(Kestrel, HandshakeResult.Good, 3)
    );

    private static readonly TourStep Over = new(
        "over",
        actions => [actions.Open, actions.RestartNginx(Nginx)],
        view =>
            view.When(LabEventKind.ResponderOpened) is { } opened
            && view.After(opened).When(LabEventKind.Restarted, Nginx) is { } restarted
            && view.After(restarted).Is(Nginx, HandshakeResult.Good, 2)
    );

    private static readonly TourStep Forged = new(
        "forged",
        actions => [actions.Fault(FaultKind.BadSignature, TimeSpan.FromMinutes(1)), actions.Refresh],
        view =>
            view.When(LabEventKind.FaultBegan, "badSignature") is { } began
            && view.When(LabEventKind.Refreshed) is not null
            && view.History.JournalSince(began).Any(entry => entry.Fault is not null)
            && view.After(began).Is(Kestrel, HandshakeResult.Good, 2)
    );

    private const string Kestrel = LabTopology.Kestrel;
    private const string Nginx = LabTopology.Nginx;

    // A restart is noticed when it is over; its first handshakes may have been before.
    private static readonly TimeSpan RestartTolerance = TimeSpan.FromSeconds(3);
}
