using System.Globalization;
using OcspLab.Lab;
using OcspLab.Lab.Browsers;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Fleets;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.LabConsole.Watching;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Faults;

namespace OcspLab.LabConsole.Acting;

/// <summary>Everything that can be done to the lab from the page.</summary>
public sealed class LabActions(LabHistory history, ServerProber prober, ResponderWatcher watcher, TimeProvider clock)
{
    /// <summary>Revokes the site's certificate.</summary>
    public LabAction Revoke => OfLab("revoke", "revoke", $"ocsplab pki revoke {LabTopology.SiteCertificate}");

    /// <summary>Makes it good again.</summary>
    public LabAction Restore => OfLab("restore", "restore", $"ocsplab pki restore {LabTopology.SiteCertificate}");

    /// <summary>Closes the responder's port.</summary>
    public LabAction Close => OfLab("outage", "close", "ocsplab responder stop");

    /// <summary>Opens it.</summary>
    public LabAction Open => OfLab("recover", "open", "ocsplab responder start");

    /// <summary>Takes all faults back.</summary>
    public LabAction Heal => OfLab("heal", "heal", "ocsplab responder heal");

    /// <summary>What puts the lab in order: as it was when it came up.</summary>
    public IReadOnlyList<LabAction> ToOrder()
    {
        var responder = history.Responder;
        return
        [
            .. responder.RevokedAt is null ? (LabAction[])[] : [Restore],
            .. responder.Faults.Count == 0 ? (LabAction[])[] : [Heal],
            .. responder is { IsReached: true, Port: PortState.Stopped } ? (LabAction[])[Open] : [],
        ];
    }

    /// <summary>Has the Kestrel site ask its responder now.</summary>
    public LabAction Refresh => new("refresh", "refresh", "ocsplab kestrel refresh", async cancellationToken =>
        {
            var outcome = await RunAsync("refresh", cancellationToken).ConfigureAwait(false);
            history.Add(LabEventKind.Refreshed, LabTopology.Kestrel);
            return outcome;
        });

    /// <summary>Has the responder misbehave.</summary>
    /// <param name="kind">How.</param>
    /// <param name="duration">For how long, or null until it is healed.</param>
    public LabAction Fault(FaultKind kind, TimeSpan? duration)
    {
        var name = LabCommands.FaultName(kind);
        var limit = duration is { } given ? $" --for {given.ToString("c", CultureInfo.InvariantCulture)}" : "";
        return new LabAction("fault", "misbehave", $"ocsplab responder fault {name}{limit}", cancellationToken =>
            AdminAsync(
                async admin =>
                {
                    await admin
                        .AddFaultAsync(new FaultOrder(kind, For: duration), cancellationToken)
                        .ConfigureAwait(false);
                    return new ActionOutcome($"the responder misbehaves: {LabCommands.FaultWords(kind)}");
                },
                cancellationToken
            )
        )
        {
            Values = [kind.ToString()],
        };
    }

    /// <summary>Ends an nginx; the lab starts it again.</summary>
    public LabAction RestartNginx(string name) =>
        new(
            $"restart-{name}",
            "restart",
            name == LabTopology.Nginx ? "ocsplab nginx restart" : "ocsplab nginx restart --kept",
            async cancellationToken =>
            {
                var topology = Running();
                if (LabState.HostOf(topology.Directory) == LabHost.Aspire)
                    throw new LabException(
                        $"the lab runs under Aspire, which starts nothing again by itself: use 'Restart' of {name} in "
                            + "its dashboard"
                    );
                await NginxLeftover
                    .RestartAsync(Folder(topology, name), PortOf(name), clock, cancellationToken)
                    .ConfigureAwait(false);
                history.Add(LabEventKind.Restarted, name);
                await prober.LookAsync(name, cancellationToken).ConfigureAwait(false);
                return new ActionOutcome($"{name} restarted");
            }
        )
        {
            Values = [name],
        };

    /// <summary>Kills a part of the fleet; the lab starts it again.</summary>
    public LabAction Kill(string part) => new("kill", "kill", $"ocsplab fleet kill {part}", _ =>
        {
            FleetFolder.Kill(Running().Directory, part);
            history.Add(LabEventKind.Killed, part);
            return Task.FromResult(new ActionOutcome($"{part} killed"));
        }) { Values = [part] };

    /// <summary>Many clients at once, each with a handshake of its own.</summary>
    public LabAction Burst(string name, int clients) =>
        new(
            "burst",
            "burst",
            string.Create(
                CultureInfo.InvariantCulture,
                $"seq {clients} | xargs -P 16 -I- openssl s_client -connect 127.0.0.1:{PortOf(name)} "
                    + $"-servername {LabTopology.SiteHost} -status </dev/null"
            ),
            async cancellationToken =>
            {
                history.Add(LabEventKind.Burst, name);
                return new ActionOutcome(
                    await new ClientBurst(PortOf(name), clock)
                        .RunAsync(clients, cancellationToken)
                        .ConfigureAwait(false)
                );
            }
        )
        {
            Values = [name],
        };

    /// <summary>A real browser with an empty profile visits a server.</summary>
    public LabAction Browse(IBrowser browser, string name) =>
        new(
            $"browse-{browser.Name}",
            "browse",
            string.Create(CultureInfo.InvariantCulture, $"ocsplab browse {browser.Name} {PortOf(name)}"),
            async cancellationToken =>
            {
                var topology = Running();
                var port = PortOf(name);
                history.Add(LabEventKind.Visited, name);
                var visit = await browser
                    .VisitAsync(
                        new Uri(string.Create(CultureInfo.InvariantCulture, $"https://{LabTopology.SiteHost}:{port}/")),
                        topology.CreatePki(clock).Root.Certificate,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                return new ActionOutcome($"{visit.Browser}: {visit.Error ?? "shows the page"}", visit.Picture);
            }
        )
        {
            Values = [browser.Name, name],
        };

    private LabAction OfLab(string name, string label, string command) =>
        new(name, label, command, async cancellationToken =>
        {
            var outcome = await RunAsync(name, cancellationToken).ConfigureAwait(false);
            await watcher.LookAsync(cancellationToken).ConfigureAwait(false);
            return outcome;
        });

    private async Task<ActionOutcome> RunAsync(string name, CancellationToken cancellationToken)
    {
        var command = LabCommands.Create(Running(), _ => Task.CompletedTask, clock).First(known => known.Name == name);
        return new ActionOutcome(await command.RunAsync(cancellationToken).ConfigureAwait(false));
    }

    private async Task<ActionOutcome> AdminAsync(
        Func<ResponderAdminClient, Task<ActionOutcome>> run,
        CancellationToken cancellationToken
    )
    {
        var topology = Running();
        try
        {
            using var admin = new ResponderAdminClient(topology.AdminUrl, AdminToken.Load(topology.AdminTokenFile));
            var outcome = await run(admin).ConfigureAwait(false);
            await watcher.LookAsync(cancellationToken).ConfigureAwait(false);
            return outcome;
        }
        catch (Exception exception) when (LabCommands.SilenceOf(exception, cancellationToken) is { } silence)
        {
            throw silence;
        }
    }

    private static string Folder(LabTopology topology, string name) =>
        name == LabTopology.Nginx ? topology.NginxDirectory : topology.NginxKeptDirectory;

    // Also of a server that is gone: what is on a button is no reason to fail.
    private int PortOf(string name) => history.Find(name)?.Port ?? 0;

    private LabTopology Running() => history.Topology ?? throw new LabException("no lab runs");
}
