using Aspire.Hosting;
using Aspire.Hosting.Testing;
using OcspLab.AppHost;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.Aspire.Hosting.Tests;

/// <summary>The lab's own AppHost under the real orchestrator, in a folder and on ports of its own.</summary>
public sealed class LabFixture : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private DistributedApplication? _application;

    internal LabTopology Topology { get; private set; } = new();

    internal DistributedApplication Application => _application!;

    internal string Root => Topology.CreatePki(TimeProvider.System).Root.Certificate;

    internal static IReadOnlyList<string> Servers { get; } =
    [LabTopology.Kestrel, LabTopology.KestrelBuiltIn, LabTopology.Nginx];

    public async ValueTask InitializeAsync()
    {
        Topology = NewTopology(_folder.Path);
        _application = await StartAsync(Topology);
    }

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
            await _application.DisposeAsync();
        _folder.Dispose();
    }

    internal int PortOf(string server) =>
        server switch
        {
            LabTopology.Kestrel => Topology.Ports.Kestrel,
            LabTopology.KestrelBuiltIn => Topology.Ports.KestrelBuiltIn,
            _ => Topology.Ports.Nginx,
        };

    internal static LabTopology NewTopology(string folder)
    {
        var ports = FreePort.Find(7);
        return new LabTopology
        {
            Directory = folder,
            Ports = new LabPorts
            {
                Dns = ports[0],
                Responder = ports[1],
                ResponderAdmin = ports[2],
                Nginx = ports[3],
                Kestrel = ports[4],
                KestrelBuiltIn = ports[5],
                Console = ports[6],
            },
        };
    }

    internal static string[] Arguments(LabTopology topology) =>
        [
            "--lab",
            topology.Directory,
            "--nginx",
            "process",
            .. topology.Ports.All.SelectMany(port => new[] { port.Option, $"{port.Number}" }),
        ];

    /// <summary>Starts a lab; when this returns, all of it is healthy.</summary>
    internal static async Task<DistributedApplication> StartAsync(LabTopology topology, params string[] more)
    {
        using var timer = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var builder = await DistributedApplicationTestingBuilder.CreateAsync(
            typeof(AspireLab),
            [.. Arguments(topology), .. more],
            timer.Token
        );
        var application = await builder.BuildAsync(timer.Token);
        await application.StartAsync(timer.Token);
        foreach (var name in (string[])[LabTopology.Dns, LabTopology.Responder, .. Servers])
            await application.ResourceNotifications.WaitForResourceHealthyAsync(name, timer.Token);
        return application;
    }
}
