using Microsoft.Extensions.Time.Testing;
using OcspLab.LabConsole.Watching;
using OcspLab.Lab.Timelines;
using OcspLab.Lab.Topology;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Journal;
using OcspLab.Responder.Telemetry;

namespace OcspLab.LabConsole.Tests;

/// <summary>A lab with two servers that was watched for a while, second by second.</summary>
internal sealed class LabBench
{
    private long _requests;

    public LabBench()
    {
        History = new LabHistory(Clock);
        History.Follow(new LabTopology());
        History.Set(Responder);
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));

    public LabHistory History { get; }

    public DateTimeOffset Now => Clock.GetUtcNow();

    public static ResponderView Responder { get; } = new(true, PortState.Started, [], null, null);

    public ServerHistory Kestrel => History.Find(LabTopology.Kestrel)!;

    public ServerHistory Nginx => History.Find(LabTopology.Nginx)!;

    /// <summary>Both are seen so, once a second.</summary>
    public void See(HandshakeResult kestrel, HandshakeResult nginx, int times = 1)
    {
        for (var time = 0; time < times; time++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            Kestrel.Add(Now, kestrel);
            Nginx.Add(Now, nginx);
        }
    }

    public void Happen(LabEventKind kind, string about = "") => History.Add(kind, about);

    /// <summary>The responder is asked.</summary>
    public void Ask(string? userAgent, string protocol = "HTTP/1.1", string? fault = null) =>
        History.Add([
            new JournalEntry(
                ++_requests,
                Now,
                "127.0.0.1:40000",
                protocol,
                "GET",
                ["01"],
                ResponseOutcome.Good,
                200,
                fault,
                userAgent
            ),
        ]);
}
