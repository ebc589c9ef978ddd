using System.CommandLine;

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
        var json = new Option<bool>("--json") { Description = "Print one JSON document a line, for scripts: resource, message, ready, stopping, stopped." };
        options.AddTo(command);
        command.Options.Add(duration);
        command.Options.Add(json);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            if (note is not null)
                await Console.Error.WriteLineAsync(note).ConfigureAwait(false);
            var board = new LabBoard();
            var screen = Choose(board, arguments.GetValue(json));
            await using (screen.ConfigureAwait(false))
                return await RunAsync(options.Read(arguments), board, screen, arguments.GetValue(duration), cancellationToken).ConfigureAwait(false);
        });
    }

    private static async Task<int> RunAsync(LabTopology topology, LabBoard board, LabScreen screen, TimeSpan? duration, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        var lab = await EmbeddedLab.StartAsync(topology, clock, board, cancellationToken).ConfigureAwait(false);
        await using (lab.ConfigureAwait(false))
        {
            screen.Ready(lab);
            using var timer = duration is { } limit ? new CancellationTokenSource(limit, clock) : new CancellationTokenSource();
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
            try
            {
                // Whatever ends first ends the others; a watch that fails is not kept secret.
                var first = await Task.WhenAny(lab.WatchAsync(ending.Token), screen.UntilQuitAsync(ending.Token)).ConfigureAwait(false);
                await first.ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Ctrl-C is how a lab ends.
            }

            await ending.CancelAsync().ConfigureAwait(false);
            screen.Ending();
        }

        return ExitCodes.Good;
    }

    private static LabScreen Choose(LabBoard board, bool json) =>
        json ? new JsonScreen(board, TimeProvider.System)
        : Console.IsOutputRedirected ? new PlainScreen(board)
        : new TerminalScreen(board, TimeProvider.System);
}
