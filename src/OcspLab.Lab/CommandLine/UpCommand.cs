using System.CommandLine;
using Spectre.Console;

namespace OcspLab.Lab;

/// <summary><c>ocsplab up</c>, and the AppHost without its orchestrator: the lab in one process, until Ctrl-C.</summary>
public static class UpCommand
{
    /// <summary>Makes <paramref name="command"/> bring the lab up.</summary>
    /// <param name="command">The command.</param>
    /// <param name="options">The lab's options.</param>
    /// <param name="note">What is said before anything else, or null.</param>
    public static void Configure(Command command, LabOptions options, string? note = null)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(options);
        var duration = Durations.Option("--for", "Take the lab down by itself after this long.");
        options.AddTo(command);
        command.Options.Add(duration);
        command.SetAction((arguments, cancellationToken) =>
        {
            if (note is not null)
                Console.Error.WriteLine(note);
            return RunAsync(options.Read(arguments), arguments.GetValue(duration), cancellationToken);
        });
    }

    private static async Task<int> RunAsync(LabTopology topology, TimeSpan? duration, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        var lab = await EmbeddedLab.StartAsync(topology, clock, line => Console.Error.WriteLine(line), cancellationToken).ConfigureAwait(false);
        await using (lab.ConfigureAwait(false))
        {
            Show(lab, topology);
            try
            {
                await WatchAsync(lab, clock, duration, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Ctrl-C is how a lab ends.
            }

            await Console.Error.WriteLineAsync("taking the lab down").ConfigureAwait(false);
        }

        return ExitCodes.Good;
    }

    private static async Task WatchAsync(EmbeddedLab lab, TimeProvider clock, TimeSpan? duration, CancellationToken cancellationToken)
    {
        using var timer = duration is { } limit ? new CancellationTokenSource(limit, clock) : new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var wait = ShortestWait;
        while (true)
        {
            await Task.Delay(wait, clock, either.Token).ConfigureAwait(false);
            if (lab.Nginx is not { IsRunning: false } nginx)
            {
                wait = ShortestWait;
                continue;
            }

            // Twice as long each time while it does not stay up.
            await Console.Error.WriteLineAsync($"nginx ended{(nginx.LastError() is { } why ? $" ({why})" : "")}; starting it again").ConfigureAwait(false);
            await nginx.RestartAsync(either.Token).ConfigureAwait(false);
            wait = wait < LongestWait ? wait * 2 : LongestWait;
        }
    }

    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private static void Show(EmbeddedLab lab, LabTopology topology)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("resource", "address", "state", "");
        foreach (var resource in lab.Resources)
            table.AddRow(resource.Name, resource.Address ?? "", Colour(resource.State), Markup.Escape(resource.Detail));
        Terminal.Write(table);

        var pki = Path.GetRelativePath(Environment.CurrentDirectory, topology.PkiDirectory);
        if (pki.StartsWith("..", StringComparison.Ordinal))
            pki = topology.PkiDirectory;
        var root = Path.GetFileName(topology.CreatePki(TimeProvider.System).Root.Certificate);
        var port = topology.Ports.Kestrel;
        Console.Out.WriteLine($"""
            Try, from another terminal:
              curl --cert-status --cacert {pki}/root_ca/CA/{root} --resolve {LabTopology.SiteHost}:{port}:127.0.0.1 https://{LabTopology.SiteHost}:{port}/
              openssl s_client -connect 127.0.0.1:{port} -servername {LabTopology.SiteHost} -status -CAfile {pki}/root_ca/CA/{root} </dev/null
              dotnet run --project src/OcspLab.Cli -- inspect 127.0.0.1:{port} --servername {LabTopology.SiteHost}
              dotnet run --project src/OcspLab.Cli -- pki revoke {LabTopology.SiteCertificate}{LabOption(topology)}
            {(lab.Nginx is null ? "" : $"nginx listens on {topology.Ports.Nginx}: the same commands with that port.\n")}Ctrl-C takes the lab down.
            ready
            """);
    }

    private static string LabOption(LabTopology topology) =>
        topology.Directory == new LabTopology().Directory ? "" : $" --lab {topology.Directory}";

    private static string Colour(LabResourceState state) => state switch
    {
        LabResourceState.Ready => "[green]ready[/]",
        LabResourceState.Degraded => "[yellow]degraded[/]",
        _ => "[grey]off[/]",
    };
}
