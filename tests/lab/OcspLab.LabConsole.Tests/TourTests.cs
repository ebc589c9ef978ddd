using OcspLab.LabConsole.Touring;
using OcspLab.LabConsole.Watching;
using OcspLab.Lab.Timelines;
using OcspLab.Lab.Topology;

namespace OcspLab.LabConsole.Tests;

/// <summary>The walk waits for each thing to be really seen.</summary>
public sealed class TourTests
{
    private readonly LabBench _lab = new();

    [Fact]
    public void From_its_start_to_its_end()
    {
        Step("good", () => _lab.See(HandshakeResult.Good, HandshakeResult.Good, 2));
        Step("coldStart", () =>
        {
            _lab.Happen(LabEventKind.Restarted, LabTopology.Nginx);
            _lab.See(HandshakeResult.Good, HandshakeResult.Unstapled);
            _lab.See(HandshakeResult.Good, HandshakeResult.Good);
        });
        Step("revoked", () =>
        {
            _lab.Happen(LabEventKind.Revoked);
            _lab.See(HandshakeResult.Good, HandshakeResult.Good, 2);
            _lab.See(HandshakeResult.Revoked, HandshakeResult.Good, 3);
        });
        Step("restored", () =>
        {
            _lab.Happen(LabEventKind.Restored);
            _lab.See(HandshakeResult.Good, HandshakeResult.Good, 2);
        });
        Step("outage", () =>
        {
            _lab.Happen(LabEventKind.ResponderClosed);
            _lab.See(HandshakeResult.Good, HandshakeResult.Good, 5);
        });
        Step("outageRestart", () =>
        {
            _lab.Happen(LabEventKind.Restarted, LabTopology.Nginx);
            _lab.See(HandshakeResult.Good, HandshakeResult.Unstapled, 3);
        });
        Step("over", () =>
        {
            _lab.Happen(LabEventKind.ResponderOpened);
            _lab.See(HandshakeResult.Good, HandshakeResult.Unstapled, 4);
            _lab.Happen(LabEventKind.Restarted, LabTopology.Nginx);
            _lab.See(HandshakeResult.Good, HandshakeResult.Unstapled);
            _lab.See(HandshakeResult.Good, HandshakeResult.Good, 2);
        });
        Step("forged", () =>
        {
            _lab.Happen(LabEventKind.FaultBegan, "badSignature");
            _lab.Ask("kestrel", fault: "badSignature");
            _lab.Happen(LabEventKind.Refreshed, LabTopology.Kestrel);
            _lab.See(HandshakeResult.Good, HandshakeResult.Good, 2);
        });
        Assert.Equal(8, Tour.Steps(hasNginx: true).Count);
    }

    [Fact]
    public void An_nginx_that_says_nothing_is_not_one_that_goes_on_with_good()
    {
        var since = _lab.Now;
        _lab.Happen(LabEventKind.Revoked);
        _lab.See(HandshakeResult.Revoked, HandshakeResult.Unstapled, 5);
        Assert.False(StepOf("revoked").IsSeen(new TourView(_lab.History, since)));
    }

    private void Step(string name, Action happen)
    {
        var since = _lab.Now;
        Assert.False(StepOf(name).IsSeen(new TourView(_lab.History, since)), $"{name} is seen before it happens");
        happen();
        Assert.True(StepOf(name).IsSeen(new TourView(_lab.History, since)), name);
        // What was seen for one step is not what was seen for the next.
        _lab.Clock.Advance(TimeSpan.FromSeconds(10));
    }

    private static TourStep StepOf(string name) => Tour.Steps(hasNginx: true).Single(step => step.Name == name);
}
