using System.Globalization;
using OcspLab.Lab.Fleets;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Services;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Hosting;

/// <summary>The lab's fleet, in processes of its own.</summary>
internal sealed class EmbeddedFleet(
    LabBoard board,
    LabFoundation foundation,
    FirstStaple firstStaple,
    TimeProvider clock
) : IAsyncDisposable
{
    private FleetProcesses? _processes;

    /// <summary>What runs of it.</summary>
    public IReadOnlyList<LabProcess> Processes => _processes?.All ?? [];

    /// <summary>Starts what all its responders, and the lab's own, keep their certificates in.</summary>
    /// <exception cref="LabException">A program is missing, or does not come up.</exception>
    public async Task StartStoresAsync(LabTopology topology, CancellationToken cancellationToken)
    {
        if (topology.FleetPorts is not { } ports)
            return;
        if (FleetPrograms.Missing is { } missing)
            throw new LabException($"--fleet: {missing}", LabFailure.Unavailable);
        var folder = await FleetFolder.CreateAsync(topology.Directory, clock).ConfigureAwait(false);
        foundation.Push(async () => await FleetFolder.RemoveAsync(topology.Directory, clock).ConfigureAwait(false));
        _processes = new FleetProcesses(new FleetRecipe(topology, ports, folder), clock);
        foundation.Push(DisposeAsync);
        Begin(LabTopology.Redis, $"127.0.0.1:{ports.Redis}", "the fleet's staples");
        Begin(LabTopology.Postgres, $"127.0.0.1:{ports.Postgres}", "certificates and answers of all responders");
        await _processes.StartStoresAsync(cancellationToken).ConfigureAwait(false);
        board.Set(LabTopology.Redis, LabResourceState.Ready);
        board.Set(LabTopology.Postgres, LabResourceState.Ready);
    }

    /// <summary>Starts the rest of it, when the lab's responder has its certificates.</summary>
    /// <exception cref="LabException">A part does not come up.</exception>
    public async Task StartAsync(LabTopology topology, CancellationToken cancellationToken)
    {
        if (topology.FleetPorts is not { } ports || _processes is not { } processes)
            return;
        for (var index = 0; index < ports.Responders.Count; index++)
            Begin(LabTopology.FleetResponder(index), $"http://127.0.0.1:{ports.Responders[index]}", "of the fleet");
        Begin(
            LabTopology.Haproxy,
            $"https://127.0.0.1:{ports.Balancer}",
            string.Create(CultureInfo.InvariantCulture, $"the fleet's {topology.Fleet} sites by turns")
        );
        await processes.StartRespondersAsync(cancellationToken).ConfigureAwait(false);
        foreach (var responder in processes.All.Where(part => ports.Responders.Contains(part.Port)))
            board.Set(responder.Name, LabResourceState.Ready);
        for (var index = 0; index < topology.Fleet; index++)
            Begin(LabTopology.FleetSite(index), $"https://127.0.0.1:{ports.Sites[index]}", "of the fleet");
        await processes.StartSitesAsync(cancellationToken).ConfigureAwait(false);
        foreach (
            var part in processes.All.Where(part => part.Port == ports.Balancer || ports.Sites.Contains(part.Port))
        )
            await firstStaple.AwaitAsync(part.Name, part.Port, 3, null, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _processes?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Begin(string name, string address, string what) =>
        board.Set(new LabResource(name, address, LabResourceState.Starting, "", what));
}
