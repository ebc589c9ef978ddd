using System.ComponentModel;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Fleets;

/// <summary>A fleet's processes. Each may be killed and started again.</summary>
/// <param name="recipe">What it is made of.</param>
/// <param name="clock">The time.</param>
internal sealed class FleetProcesses(FleetRecipe recipe, TimeProvider clock) : IAsyncDisposable
{
    private readonly List<LabProcess> _all = [];

    /// <summary>Those that were started, in the order of the start.</summary>
    public IReadOnlyList<LabProcess> All => _all;

    /// <summary>What may be killed without any handshake's loss: all but the one HAProxy.</summary>
    public IReadOnlyList<string> Expendable =>
        [.. _all.Select(part => part.Name).Where(name => name != LabTopology.Haproxy)];

    /// <summary>One of them.</summary>
    /// <exception cref="InvalidOperationException">There is none of that name.</exception>
    public LabProcess this[string name] => _all.First(part => part.Name == name);

    /// <summary>Starts Redis and PostgreSQL.</summary>
    /// <exception cref="LabException">One of them cannot be started.</exception>
    public async Task StartStoresAsync(CancellationToken cancellationToken)
    {
        await StartAsync(recipe.PrepareRedis(), cancellationToken).ConfigureAwait(false);
        var postgres = await recipe.PreparePostgresAsync(cancellationToken).ConfigureAwait(false);
        await StartAsync(postgres, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Starts the responders and HAProxy.</summary>
    /// <exception cref="LabException">One of them cannot be started.</exception>
    public async Task StartRespondersAsync(CancellationToken cancellationToken)
    {
        // Where there is no token yet the first makes it.
        foreach (var responder in recipe.Responders)
            await StartAsync(responder, cancellationToken).ConfigureAwait(false);
        var balancer = await recipe.PrepareBalancerAsync(cancellationToken).ConfigureAwait(false);
        await StartAsync(balancer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Starts the sites. When this returns every one listens, which it does when it has its staple or has waited for it
    /// in vain.
    /// </summary>
    /// <exception cref="LabException">One of them cannot be started.</exception>
    public Task StartSitesAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(recipe.Sites.Select(site => StartAsync(site, cancellationToken)));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var part in Enumerable.Reverse(_all))
        {
            try
            {
                await part.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
            {
                // The others are to end all the same; what is left of this one goes with its folder.
            }
        }
    }

    private Task StartAsync(FleetPart part, CancellationToken cancellationToken)
    {
        var process = new LabProcess(
            part.Name,
            part.Command,
            part.Port,
            part.Folder,
            clock,
            part.Readiness,
            part.Environment
        );
        _all.Add(process);
        return process.StartAsync(cancellationToken);
    }
}
