using OcspLab.Responder;

namespace OcspLab.Lab;

/// <summary>Runs every server through every scenario, all at once, around one authority, one name server and one responder.</summary>
/// <param name="plan">How long things last.</param>
/// <param name="servers">Who takes part.</param>
/// <param name="scenarios">What happens to them.</param>
/// <param name="clock">The time.</param>
/// <param name="progress">Is told what goes on.</param>
internal sealed class Comparison(ComparisonPlan plan, IReadOnlyList<IStaplingServer> servers, IReadOnlyList<Scenario> scenarios, TimeProvider clock, Action<string> progress)
{
    /// <summary>Runs. When it is cancelled, what was seen so far is the result.</summary>
    /// <exception cref="LabException">The lab around the servers cannot be made.</exception>
    public async Task<ComparisonResult> RunAsync(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var at = clock.GetUtcNow();
        var folder = Directory.CreateTempSubdirectory("ocsplab-compare-").FullName;
        try
        {
            // Apache's workers give up root, and must still reach their folder.
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
            var present = servers.Where(server => MissingHere(server) is null).ToArray();
            var lanes = await RunLanesAsync(folder, present, cancellationToken).ConfigureAwait(false);
            var described = new List<ComparedServer>();
            foreach (var server in present)
                described.Add(new ComparedServer(server.Name, await server.ReadVersionAsync(CancellationToken.None).ConfigureAwait(false), server.Setting));
            return new ComparisonResult(
                at, clock.GetElapsedTime(started), plan.Validity, described, [.. servers.Where(server => MissingHere(server) is not null).Select(server => new MissingServer(server.Name, MissingHere(server)!))],
                [.. scenarios.Select(scenario => new ComparedScenario(scenario.Name, scenario.Title))], lanes);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<IReadOnlyList<LaneResult>> RunLanesAsync(string folder, IStaplingServer[] present, CancellationToken cancellationToken)
    {
        var ports = PortCheck.FindFree(3 + (present.Length * scenarios.Count));
        var topology = new LabTopology
        {
            Directory = Path.Combine(folder, "lab"),
            Ports = new LabPorts { Dns = ports[0], Responder = ports[1], ResponderAdmin = ports[2] },
            Validity = plan.Validity,
            Backdate = TimeSpan.FromSeconds(1),
            Journal = 1_000_000,
        };
        Directory.CreateDirectory(topology.LogDirectory);
        progress($"{present.Length} servers, {scenarios.Count} scenarios: making {present.Length * scenarios.Count} certificates");
        var pki = topology.CreatePki(clock);
        pki.Ensure();
        var hosts = await HostsViews.DetectAsync(cancellationToken).ConfigureAwait(false);
        var foundation = new LabFoundation(topology.LogDirectory, clock, (name, why) => progress($"{name}: {why}"));
        await using (foundation.ConfigureAwait(false))
        {
            await foundation.StartDnsAsync(topology, cancellationToken).ConfigureAwait(false);
            await foundation.StartResponderAsync(topology, pki, [], cancellationToken).ConfigureAwait(false);
            using var admin = new ResponderAdminClient(topology.AdminUrl, AdminToken.Load(topology.AdminTokenFile));
            var lanes = new List<Lane>();
            foreach (var scenario in scenarios)
            {
                foreach (var server in present)
                {
                    // The authority makes a server's certificate of whatever begins so.
                    var name = $"{LabTopology.SiteCertificate}-{server.Name}-{scenario.Name.ToLowerInvariant()}";
                    var certificate = await Task.Run(() => pki.Issue(name), cancellationToken).ConfigureAwait(false);
                    await admin.RegisterAsync([certificate], clock, cancellationToken).ConfigureAwait(false);
                    lanes.Add(new Lane(server, scenario, new ServerPlace(Path.Combine(folder, name), ports[3 + lanes.Count], certificate.Files, topology, hosts), name, plan, admin, clock));
                }
            }

            try
            {
                return await RunAsync(lanes, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                foreach (var lane in lanes)
                    await lane.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task<IReadOnlyList<LaneResult>> RunAsync(List<Lane> lanes, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var whole = plan.Length + (Stagger * lanes.Count);
        var running = new List<Task<LaneResult>>();
        for (var index = 0; index < lanes.Count && !cancellationToken.IsCancellationRequested; index++)
        {
            running.Add(lanes[index].RunAsync(cancellationToken));
            // One after the other: what starts slowly is to show the server, not the machine.
            await Task.Delay(Stagger, clock, CancellationToken.None).ConfigureAwait(false);
            if (index % 5 == 4)
                progress($"{index + 1} of {lanes.Count} servers are started");
        }

        var all = Task.WhenAll(running);
        while (await Task.WhenAny(all, Task.Delay(ProgressInterval, clock, CancellationToken.None)).ConfigureAwait(false) != all)
        {
            var left = whole - clock.GetElapsedTime(started);
            progress($"{running.Count(lane => lane.IsCompleted)} of {lanes.Count} are through, {Math.Max(0, left.TotalSeconds):0} s to go");
        }

        return await all.ConfigureAwait(false);
    }

    private string? MissingHere(IStaplingServer server) =>
        server.Missing ?? (server.ShortestValidity > plan.Validity ? $"it takes no answer that lasts less than {server.ShortestValidity.TotalMinutes:0} minutes, and these last {plan.Validity.TotalSeconds:0} s" : null);

    private static readonly TimeSpan Stagger = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(5);
}
