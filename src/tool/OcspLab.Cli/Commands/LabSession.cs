using System.CommandLine;
using System.Runtime.InteropServices;
using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Screens;
using OcspLab.Lab.Hosting;
using OcspLab.Lab.Topology;
using Spectre.Console;

namespace OcspLab.Cli.Commands;

/// <summary>
/// <c>ocsplab up</c>, and the AppHost without its orchestrator: the lab in one process, until Ctrl-C.
/// </summary>
public static class LabSession
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
        var json = new Option<bool>("--json")
        {
            Description = "Print one JSON document a line, for scripts: resource, message, ready, stopping, stopped.",
        };
        var withoutConsole = new Option<bool>("--no-console")
        {
            Description = "Without the page on which one watches the lab.",
        };
        var open = new Option<bool>("--open") { Description = "Open that page in a browser when the lab is up." };
        options.AddTo(command);
        options.AddKeepTo(command);
        options.AddFleetTo(command);
        command.Options.Add(withoutConsole);
        command.Options.Add(open);
        command.Options.Add(duration);
        command.Options.Add(json);
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                if (note is not null)
                    await Console.Error.WriteLineAsync(note).ConfigureAwait(false);
                var board = new LabBoard();
                var screen = Choose(board, arguments.GetValue(json));
                await using (screen.ConfigureAwait(false))
                    return await RunAsync(
                            options.Read(arguments) with
                            {
                                Page = arguments.GetValue(withoutConsole) ? LabPage.Off : LabPage.On,
                            },
                            arguments.GetValue(open),
                            board,
                            screen,
                            arguments.GetValue(duration),
                            cancellationToken
                        )
                        .ConfigureAwait(false);
            }
        );
    }

    private static async Task<int> RunAsync(
        LabTopology topology,
        bool opens,
        LabBoard board,
        LabScreen screen,
        TimeSpan? duration,
        CancellationToken cancellationToken
    )
    {
        var clock = TimeProvider.System;
        // A closed terminal or a lost connection ends a lab as Ctrl-C does, nginx included.
        using var hangUp = new CancellationTokenSource();
        using var hangUpSignal = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            hangUp.Cancel();
        });
        using var either = CancellationTokenSource.CreateLinkedTokenSource(hangUp.Token, cancellationToken);
        cancellationToken = either.Token;
        var page = topology.Page == LabPage.On ? new ConsolePage() : null;
        var lab = await EmbeddedLab.StartAsync(topology, clock, board, cancellationToken, page).ConfigureAwait(false);
        await using (lab.ConfigureAwait(false))
        {
            screen.Ready(lab);
            if (opens && page?.Open(lab.Topology.Directory) is { } refusal)
                board.Say(refusal);
            using var timer = duration is { } limit
                ? new CancellationTokenSource(limit, clock)
                : new CancellationTokenSource();
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
            var watch = lab.WatchAsync(ending.Token);
            await Task.WhenAny(watch, screen.UntilQuitAsync(ending.Token)).ConfigureAwait(false);
            await ending.CancelAsync().ConfigureAwait(false);
            await screen.EndAsync().ConfigureAwait(false);
            try
            {
                // A watch that fails is not kept secret.
                await watch.ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Ctrl-C is how a lab ends.
            }
        }

        return ExitCodes.Good;
    }

    private static LabScreen Choose(LabBoard board, bool json)
    {
        if (json)
            return new JsonScreen(board, TimeProvider.System);
        var terminal = AnsiConsole.Profile.Capabilities;
        return Console.IsOutputRedirected || !terminal.Ansi || !terminal.Interactive
            ? new PlainScreen(board)
            : new TerminalScreen(board, TimeProvider.System);
    }
}
