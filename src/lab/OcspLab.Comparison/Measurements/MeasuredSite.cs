using OcspLab.Comparison.Servers;
using OcspLab.Lab;

namespace OcspLab.Comparison.Measurements;

/// <summary>
/// A server that runs, and whether its handshakes have the staple that they should; the same bytes are verified once.
/// Clients may ask from several threads.
/// </summary>
internal sealed class MeasuredSite(string server, ServerProcess process, StatusCheck status) : IAsyncDisposable
{
    private volatile byte[]? _good;

    public string Server => server;

    public ServerPlace Place => process.Place;

    /// <summary>The processor time of the server and of each of its processes.</summary>
    public IReadOnlyDictionary<int, TimeSpan> ReadProcessorTimes() =>
        process
            .ReadFamily()
            .Select(id => (Id: id, Time: ProcessorClock.Read(id)))
            .Where(its => its.Time is not null)
            .ToDictionary(its => its.Id, its => its.Time!.Value);

    /// <summary>What all of them have used since an earlier reading.</summary>
    /// <exception cref="LabException">One of them has ended, and nobody knows any more what it has used.</exception>
    public TimeSpan ReadProcessorTimeSince(IReadOnlyDictionary<int, TimeSpan> before)
    {
        var now = ReadProcessorTimes();
        if (before.Count == 0 || before.Keys.Any(id => !now.ContainsKey(id)))
            throw new LabException($"a process of {server} ended meanwhile");
        return now.Aggregate(TimeSpan.Zero, (sum, process) =>
            sum + process.Value - before.GetValueOrDefault(process.Key)
        );
    }

    public bool Holds(OpenSslHandshake handshake)
    {
        if (Place.Stapling == ServerStapling.Off)
            return handshake.Staple is null;
        if (handshake.Staple is not { } staple)
            return false;
        if (staple.Span.SequenceEqual(_good))
            return true;
        if (!status.IsGood(staple))
            return false;
        _good = staple.ToArray();
        return true;
    }

    /// <summary>A handshake that is not what it should be is not counted: there is no result at all.</summary>
    /// <exception cref="LabException">It is not.</exception>
    public void Require(OpenSslHandshake handshake, SessionKind session)
    {
        if (session == SessionKind.Resumed && !handshake.IsResumed)
            throw new LabException("a session was not resumed");
        if (session == SessionKind.New && (handshake.IsResumed || !Holds(handshake)))
            throw new LabException(
                Place.Stapling == ServerStapling.On ? "a handshake had no good staple" : "a handshake had a staple"
            );
    }

    public async ValueTask DisposeAsync()
    {
        status.Dispose();
        await process.DisposeAsync().ConfigureAwait(false);
    }
}
