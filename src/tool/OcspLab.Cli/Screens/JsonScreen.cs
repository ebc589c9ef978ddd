using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using OcspLab.Lab.Hosting;

namespace OcspLab.Cli.Screens;

/// <summary>For scripts: one JSON document a line on standard output, each an event with its time.</summary>
internal sealed class JsonScreen : LabScreen
{
    private readonly LabBoard _board;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private bool _wasReady;

    public JsonScreen(LabBoard board, TimeProvider clock)
    {
        _board = board;
        _clock = clock;
        _board.Said += Message;
        _board.Changed += Resource;
    }

    public override void Ready(EmbeddedLab lab)
    {
        _wasReady = true;
        Write(
            new
            {
                Event = "ready",
                At = Now,
                Lab = lab.Topology.Directory,
            }
        );
    }

    public override Task EndAsync()
    {
        Write(new { Event = "stopping", At = Now });
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _board.Said -= Message;
        _board.Changed -= Resource;
        // A lab that never came up ends with what is on standard error.
        if (_wasReady)
            Write(new { Event = "stopped", At = Now });
        return ValueTask.CompletedTask;
    }

    private void Message(string text) =>
        Write(
            new
            {
                Event = "message",
                At = Now,
                Text = text,
            }
        );

    private void Resource(LabResource resource) =>
        Write(
            new
            {
                Event = "resource",
                At = Now,
                resource.Name,
                resource.State,
                resource.Address,
                resource.Detail,
                resource.What,
            }
        );

    private void Write<T>(T happening)
    {
        lock (_gate)
            Console.Out.WriteLine(JsonSerializer.Serialize(happening, Json));
    }

    private DateTimeOffset Now => _clock.GetUtcNow();

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
