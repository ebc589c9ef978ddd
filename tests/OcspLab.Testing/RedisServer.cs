using System.Globalization;
using System.Net.Sockets;

namespace OcspLab.Testing;

/// <summary>
/// A Redis server of one's own on loopback that keeps what it was told, from Debian's package; skipped by name where
/// there is none.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ocsplab-redis-").FullName;
    private readonly string _program = Tool.Require("redis-server");
    private RunningProgram? _running;

    private RedisServer() { }

    public int Port { get; } = FreePort.Find();

    public static async Task<RedisServer> StartAsync()
    {
        var server = new RedisServer();
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts it again, with what was in it.</summary>
    public async Task StartAgainAsync()
    {
        _running = new RunningProgram(
            _program,
            "--port",
            Port.ToString(CultureInfo.InvariantCulture),
            "--bind",
            "127.0.0.1",
            "--dir",
            _folder,
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always"
        );
        await Poll.UntilAsync(IsListeningAsync, "Redis listens");
    }

    /// <summary>Ends it as a power failure would.</summary>
    public async Task StopAsync()
    {
        _running!.Kill();
        await _running.WaitAsync();
    }

    /// <summary>It holds its connections and does nothing more.</summary>
    public void Pause() => Signals.Send("STOP", _running!.Id);

    /// <summary>It goes on.</summary>
    public void Continue() => Signals.Send("CONT", _running!.Id);

    public async ValueTask DisposeAsync()
    {
        if (_running is { HasExited: false })
        {
            Continue();
            await StopAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> IsListeningAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
