using OcspLab.Lab.Timelines;
using OcspLab.Lab.Topology;
using OcspLab.LabConsole.Watching;
using OcspLab.Responder.Journal;

namespace OcspLab.LabConsole.Telling;

/// <summary>What is drawn of a server: a stretch of time up to now, and a part of what is to come.</summary>
/// <param name="Strip">What the drawing is made of.</param>
/// <param name="Length">The time at its right end.</param>
/// <param name="Now">Where now is.</param>
/// <param name="Spans">Each stretch in which clients saw the same, with its first handshake.</param>
public sealed record ServerStrip(Strip Strip, TimeSpan Length, TimeSpan Now, IReadOnlyList<SightedSpan> Spans)
{
    /// <summary>Makes it.</summary>
    /// <param name="server">Whose.</param>
    /// <param name="history">What was seen.</param>
    /// <param name="window">How far back it goes.</param>
    /// <param name="now">The time.</param>
    public static ServerStrip Of(ServerHistory server, LabHistory history, TimeSpan window, DateTimeOffset now)
    {
        var from = now - window;
        var sightings = server.Since(from);
        var observations = sightings
            .Select(seen => new Observation(seen.At - from, seen.Result, seen.Reason, seen.NextUpdate - from))
            .ToList();
        var strip = new Strip(
            server.Name,
            observations,
            [
                .. history
                    .JournalSince(from)
                    .Where(entry => AskedBy(entry) == server.Name)
                    .Select(entry => entry.At - from),
            ],
            [.. history.EventsSince(from).Select(happened => happened.At - from)]
        )
        {
            LongestGap = ServerHistory.LongestGap,
        };
        var spans = strip.Spans.Select(span => new SightedSpan(span, sightings[span.First])).ToList();
        return new ServerStrip(
            strip,
            // A fifth of the strip is what is to come: there the validity of what is stapled ends.
            window * 1.25,
            window,
            spans
        );
    }

    /// <summary>Which server of the lab asked; by what it says of itself, because all have one address.</summary>
    public static string? AskedBy(JournalEntry entry) =>
        entry switch
        {
            // nginx still speaks HTTP/1.0.
            { Protocol: "HTTP/1.0" } => LabTopology.Nginx,
            { UserAgent: LabTopology.Kestrel } => LabTopology.Kestrel,
            { UserAgent: LabTopology.Keep } => LabTopology.NginxKept,
            // keep in a container comes from another address.
            { UserAgent: null } => entry.Client.StartsWith("127.", StringComparison.Ordinal)
                ? LabTopology.KestrelBuiltIn
                : LabTopology.NginxKept,
            _ => null,
        };
}

/// <summary>A stretch in which clients saw the same.</summary>
/// <param name="Span">From when to when.</param>
/// <param name="First">The handshake that it began with.</param>
public sealed record SightedSpan(ObservedSpan Span, Sighting First);
