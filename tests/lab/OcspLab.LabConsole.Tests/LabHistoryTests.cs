using OcspLab.Lab.Timelines;
using OcspLab.Lab.Topology;
using OcspLab.LabConsole.Telling;
using OcspLab.LabConsole.Watching;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Faults;

namespace OcspLab.LabConsole.Tests;

/// <summary>What is remembered of a lab.</summary>
public sealed class LabHistoryTests
{
    private readonly LabBench _lab = new();

    [Fact]
    public void What_two_tell_within_moments_happened_once()
    {
        _lab.Happen(LabEventKind.Restarted, LabTopology.Nginx);
        _lab.Clock.Advance(TimeSpan.FromSeconds(2));
        _lab.Happen(LabEventKind.Restarted, LabTopology.Nginx);
        Assert.Single(_lab.History.EventsSince(DateTimeOffset.MinValue));
        _lab.Clock.Advance(TimeSpan.FromSeconds(4));
        _lab.Happen(LabEventKind.Restarted, LabTopology.Nginx);
        Assert.Equal(2, _lab.History.EventsSince(DateTimeOffset.MinValue).Count);
    }

    [Fact]
    public void Hours_are_remembered_and_no_more()
    {
        _lab.See(HandshakeResult.Good, HandshakeResult.Good);
        var first = _lab.Kestrel.Last!;
        _lab.Clock.Advance(ServerHistory.Memory - TimeSpan.FromSeconds(10));
        _lab.See(HandshakeResult.Good, HandshakeResult.Good);
        Assert.NotNull(_lab.Kestrel.Find(first.Number));
        _lab.Clock.Advance(TimeSpan.FromMinutes(1));
        _lab.See(HandshakeResult.Good, HandshakeResult.Good);
        Assert.Null(_lab.Kestrel.Find(first.Number));
    }

    [Fact]
    public void Nobody_shakes_hands_unless_somebody_looks_or_did_just_now()
    {
        Assert.False(_lab.History.IsWatched);
        var one = _lab.History.Watch();
        var other = _lab.History.Watch();
        one.Dispose();
        one.Dispose();
        _lab.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.True(_lab.History.IsWatched);
        other.Dispose();
        Assert.True(_lab.History.IsWatched);
        _lab.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(_lab.History.IsWatched);
    }

    [Fact]
    public void What_happened_follows_from_two_looks_at_the_responder()
    {
        var fault = new Fault(7, FaultKind.BadSignature, null, null, null, default, _lab.Now.AddSeconds(-1));
        var after = LabBench.Responder with { Port = PortState.Stopped, RevokedAt = _lab.Now, Faults = [fault] };
        Assert.Equal(
            [LabEventKind.ResponderClosed, LabEventKind.Revoked, LabEventKind.FaultBegan],
            ResponderView.Compare(LabBench.Responder, after, _lab.Now).Select(happened => happened.Kind)
        );
        Assert.Equal(
            [LabEventKind.ResponderOpened, LabEventKind.Restored, LabEventKind.FaultEnded],
            ResponderView.Compare(after, LabBench.Responder, _lab.Now).Select(happened => happened.Kind)
        );
        // A question that came after the fault and before it was noticed came after it.
        Assert.Equal(fault.Since, ResponderView.Compare(LabBench.Responder, after, _lab.Now).Last().At);
        // Started again, a responder numbers its faults from the beginning.
        var another = after with { Faults = [fault with { Since = _lab.Now }] };
        Assert.Equal(
            [LabEventKind.FaultBegan, LabEventKind.FaultEnded],
            ResponderView.Compare(after, another, _lab.Now).Select(happened => happened.Kind)
        );
        // Where it was never reached, or is not now, nobody knows.
        Assert.Empty(ResponderView.Compare(ResponderView.Unknown, after, _lab.Now));
        Assert.Empty(ResponderView.Compare(LabBench.Responder, after with { IsReached = false }, _lab.Now));
    }

    [Fact]
    public void A_look_that_failed_in_between_hides_nothing_of_what_happened()
    {
        var fault = new Fault(7, FaultKind.BadSignature, null, null, null, default, _lab.Now.AddSeconds(-1));
        Assert.Equal(
            [LabEventKind.FaultBegan],
            ResponderView
                .Compare(
                    LabBench.Responder with
                    {
                        IsReached = false,
                    },
                    LabBench.Responder with
                    {
                        Faults = [fault],
                    },
                    _lab.Now
                )
                .Select(happened => happened.Kind)
        );
    }

    [Fact]
    public void A_strip_knows_who_asked_the_responder()
    {
        _lab.Ask("kestrel");
        _lab.Ask(null, "HTTP/1.0");
        _lab.Ask(null);
        _lab.Ask("curl/8");
        _lab.See(HandshakeResult.Good, HandshakeResult.Good);
        Assert.Equal(
            [LabTopology.Kestrel, LabTopology.Nginx, LabTopology.KestrelBuiltIn, null],
            _lab.History.JournalSince(DateTimeOffset.MinValue).Select(ServerStrip.AskedBy)
        );
        var strip = ServerStrip.Of(_lab.Nginx, _lab.History, TimeSpan.FromMinutes(2), _lab.Now);
        Assert.Equal(TimeSpan.FromSeconds(119), Assert.Single(strip.Strip.Requests));
    }

    [Fact]
    public void What_nobody_looked_at_is_not_drawn()
    {
        _lab.See(HandshakeResult.Good, HandshakeResult.Good, 3);
        _lab.Clock.Advance(TimeSpan.FromSeconds(60));
        _lab.See(HandshakeResult.Good, HandshakeResult.Good, 3);
        var spans = ServerStrip.Of(_lab.Kestrel, _lab.History, TimeSpan.FromMinutes(2), _lab.Now).Spans;
        Assert.Equal(2, spans.Count);
        Assert.All(spans, span => Assert.Equal(TimeSpan.FromSeconds(2), span.Span.To - span.Span.From));
    }
}
