using OcspLab.Lab.Keeping;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Services;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Hosting;

/// <summary>The lab's nginx, and the one that <c>keep</c> brings staples to.</summary>
internal sealed class EmbeddedNginx(
    LabBoard board,
    LabFoundation foundation,
    FirstStaple firstStaple,
    TimeProvider clock
)
{
    private readonly List<LabNginx> _started = [];
    private NginxPlan? _plan;

    /// <summary>Each that was started.</summary>
    public IReadOnlyList<LabNginx> Started => _started;

    /// <summary>What brings staples to one of them, or null.</summary>
    public ILabKeeper? Keeper { get; private set; }

    /// <summary>
    /// Finds an nginx and writes its configuration: before name server and responder start, because in a container it
    /// needs them to listen where containers are.
    /// </summary>
    /// <returns>The nginx, or null where the lab does without; and the lab as it is with it.</returns>
    /// <exception cref="LabException">What was asked for cannot be had.</exception>
    public async Task<LabWithNginx> ProvideAsync(LabTopology topology, CancellationToken cancellationToken)
    {
        _plan = await new NginxPlanner(topology.NginxSource, topology.NginxImage, clock)
            .PlanAsync(cancellationToken)
            .ConfigureAwait(false);
        var provisioner = new NginxProvisioner(NginxSite.Of(topology), clock, board.Say);
        var provided = await provisioner.ProvideAsync(_plan, cancellationToken).ConfigureAwait(false);
        if (provided.Launcher is not { } launcher)
        {
            board.Set(LabTopology.Nginx, LabResourceState.Off, provided.Reason);
            if (topology.KeepBeside == LabKeep.On)
                board.Set(new LabResource(LabTopology.Keep, null, LabResourceState.Off, "there is no nginx for it"));
            return new LabWithNginx(null, topology with { NginxSource = NginxSource.Off });
        }

        return new LabWithNginx(
            Own(LabTopology.Nginx, topology.Ports.Nginx, topology.NginxDirectory, launcher),
            provided.Gateway is { } gateway ? topology with { ContainerGateway = gateway } : topology
        );
    }

    /// <summary>Starts the article's nginx.</summary>
    /// <exception cref="LabException">It cannot be started, or ends.</exception>
    public Task StartAsync(LabNginx nginx, CancellationToken cancellationToken) =>
        StartAsync(nginx, nginx.Launcher.Origin, handshakes: 40, cancellationToken);

    /// <summary>Starts <c>keep</c> and another nginx.</summary>
    /// <exception cref="LabException">One of them cannot be started, or ends.</exception>
    public async Task StartKeptAsync(LabTopology topology, CancellationToken cancellationToken)
    {
        // nginx does not start over a file that is missing, or one that names a missing one.
        Directory.CreateDirectory(topology.KeepDirectory);
        await File.WriteAllTextAsync(new KeptStaple(topology.KeepDirectory).Include, "", cancellationToken)
            .ConfigureAwait(false);
        var provisioner = new NginxProvisioner(NginxSite.KeptOf(topology), clock, _ => { });
        var provided = await provisioner.ProvideAsync(_plan!, cancellationToken).ConfigureAwait(false);
        if (provided.Launcher is not { } launcher)
            throw new LabException($"There is no second nginx for keep: {provided.Reason}");
        var nginx = Own(LabTopology.NginxKept, topology.Ports.NginxKept, topology.NginxKeptDirectory, launcher);
        var keeper = await ChooseKeeperAsync(topology, launcher, cancellationToken).ConfigureAwait(false);
        foundation.Push(keeper.DisposeAsync);
        board.Set(
            new LabResource(
                LabTopology.Keep,
                $"http://127.0.0.1:{topology.Ports.Keep}",
                LabResourceState.Starting,
                "",
                $"'ocsplab keep', {keeper.Origin}"
            )
        );
        await keeper.PrepareAsync(cancellationToken).ConfigureAwait(false);
        await StartAsync(
                nginx,
                $"{launcher.Origin}, with the staples of {LabTopology.Keep}",
                handshakes: 20,
                cancellationToken
            )
            .ConfigureAwait(false);
        await keeper.FollowAsync(cancellationToken).ConfigureAwait(false);
        Keeper = keeper;
        board.Set(LabTopology.Keep, LabResourceState.Ready);
    }

    private async Task StartAsync(LabNginx nginx, string what, int handshakes, CancellationToken cancellationToken)
    {
        board.Set(new LabResource(nginx.Name, $"https://127.0.0.1:{nginx.Port}", LabResourceState.Starting, "", what));
        await nginx.Process.StartAsync(cancellationToken).ConfigureAwait(false);
        _started.Add(nginx);
        await firstStaple
            .AwaitAsync(nginx.Name, nginx.Port, handshakes, nginx.Process, cancellationToken)
            .ConfigureAwait(false);
    }

    private LabNginx Own(string name, int port, string directory, INginxLauncher launcher)
    {
        var process = new NginxProcess(launcher, directory, clock);
        foundation.Push(process.DisposeAsync);
        return new LabNginx(name, port, directory, process, launcher);
    }

    private async Task<ILabKeeper> ChooseKeeperAsync(
        LabTopology topology,
        INginxLauncher launcher,
        CancellationToken cancellationToken
    )
    {
        if (
            launcher is ContainedNginx { Runtime: var runtime }
            && await runtime.HasImageAsync(ContainedKeeper.Image, cancellationToken).ConfigureAwait(false)
        )
            return new ContainedKeeper(topology, runtime, topology.ContainerGateway!, clock);
        return new HostedKeeper(topology, foundation, launcher.ReloadCommand, clock);
    }
}

/// <summary>A lab that knows where its nginx runs.</summary>
/// <param name="Nginx">The nginx, or null where it does without.</param>
/// <param name="Topology">The lab.</param>
internal sealed record LabWithNginx(LabNginx? Nginx, LabTopology Topology);
