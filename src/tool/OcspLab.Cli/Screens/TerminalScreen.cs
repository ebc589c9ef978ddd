using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Verdicts;
using OcspLab.Lab;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Hosting;
using OcspLab.Responder.Faults;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OcspLab.Cli.Screens;

/// <summary>For people at a terminal: one table that keeps up with the lab, and a key for each command.</summary>
internal sealed class TerminalScreen : LabScreen
{
    private readonly LabBoard _board;
    private readonly TimeProvider _clock;
    private readonly Queue<string> _lines = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _quit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _showing;
    private volatile EmbeddedLab? _lab;
    private volatile bool _showsHints = true;
    private volatile Task _command = Task.CompletedTask;

    public TerminalScreen(LabBoard board, TimeProvider clock)
    {
        _board = board;
        _clock = clock;
        _board.Said += Note;
        _showing = Task.Run(ShowAsync);
    }

    public override void Ready(EmbeddedLab lab)
    {
        _lab = lab;
        Note("ready");
        foreach (var remark in Remarks(lab).Split('\n'))
            Note(remark);
    }

    public override async Task EndAsync()
    {
        Note("taking the lab down");
        _lab = null;
        await _ending.CancelAsync().ConfigureAwait(false);
        await _command.ConfigureAwait(false);
    }

    public override Task UntilQuitAsync(CancellationToken cancellationToken) => _quit.Task.WaitAsync(cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _showing.ConfigureAwait(false);
        _board.Said -= Note;
        _closing.Dispose();
        _ending.Dispose();
    }

    private async Task ShowAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            var isChoosing = false;
            await AnsiConsole
                .Live(Picture())
                .AutoClear(false)
                .StartAsync(async live =>
                {
                    while (!_closing.IsCancellationRequested && !isChoosing)
                    {
                        // Only a choice needs the screen for itself.
                        if (ReadKey() is { } key)
                        {
                            isChoosing = key == 'f' && _lab is not null;
                            if (!isChoosing)
                                Act(key);
                        }

                        live.UpdateTarget(Picture());
                        await Task.Delay(FrameInterval, _clock, CancellationToken.None).ConfigureAwait(false);
                    }

                    live.UpdateTarget(Picture());
                })
                .ConfigureAwait(false);
            if (!isChoosing)
                continue;
            if (await ChooseFaultAsync().ConfigureAwait(false) is { } fault)
                Run(fault);
            AnsiConsole.Clear();
        }
    }

    // A closed or strange terminal has no keys; the lab goes on without.
    private static char? ReadKey()
    {
        try
        {
            return !Console.IsInputRedirected && Console.KeyAvailable
                ? char.ToLowerInvariant(Console.ReadKey(intercept: true).KeyChar)
                : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private void Act(char key)
    {
        switch (key)
        {
            case 'q':
                _quit.TrySetResult();
                break;
            case 'c':
                _showsHints = !_showsHints;
                break;
            default:
                Run(Keys.FirstOrDefault(known => known.Key == key).Command);
                break;
        }
    }

    private void Run(string? name)
    {
        if (_lab?.Commands.FirstOrDefault(command => command.Name == name) is { } command && _command.IsCompleted)
            _command = RunAsync(command);
    }

    private async Task<string?> ChooseFaultAsync()
    {
        const string none = "(none: back)";
        var names = Enum.GetValues<FaultKind>().ToDictionary(LabCommands.FaultName, LabCommands.FaultCommand);
        var prompt = new SelectionPrompt<string>()
            .Title("How shall the responder misbehave, until healed?")
            .PageSize(12)
            .AddChoices([none, .. names.Keys]);
        try
        {
            var choice = await prompt.ShowAsync(AnsiConsole.Console, _ending.Token).ConfigureAwait(false);
            return names.GetValueOrDefault(choice);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private async Task RunAsync(LabCommand command)
    {
        try
        {
            Note($"{command.Title} …");
            Note(await command.RunAsync(_ending.Token).ConfigureAwait(false));
        }
        catch (LabException exception)
        {
            Note(exception.Message);
        }
        catch (OperationCanceledException)
        {
            // The lab goes down.
        }
    }

    private void Note(string line)
    {
        lock (_lines)
        {
            _lines.Enqueue($"{_clock.GetLocalNow():HH:mm:ss} {VerdictTable.Harmless(OwnCommand.In(line))}");
            while (_lines.Count > Remembered)
                _lines.Dequeue();
        }
    }

    // No higher than the terminal: what scrolls out of a live picture stays behind as rubbish.
    private Rows Picture()
    {
        var width = Terminal.Width;
        var parts = new List<IRenderable> { LabTable.Of(_board.Resources, width) };
        var left = AnsiConsole.Profile.Height - _board.Resources.Count - TableFrame;
        if (_lab is { } lab && !Console.IsInputRedirected)
        {
            var keys = KeyLines(width);
            parts.AddRange(keys.Select(line => new Markup(line)));
            left -= keys.Count;
            // Also where there is no room for the rest.
            if (lab.PageAddress is { } address)
            {
                parts.Add(new Text($"In a browser: {address}"));
                left -= LinesOf($"In a browser: {address}", width);
            }

            var hints = LabHints.Of(lab.Topology, lab.Nginx is not null, Environment.CurrentDirectory, width);
            if (_showsHints && LinesOf(hints, width) < left)
            {
                parts.Add(new Text(hints));
                left -= LinesOf(hints, width);
            }
        }

        string[] lines;
        lock (_lines)
            lines = [.. _lines];
        var first = lines.Length;
        while (first > 0 && (left -= LinesOf(lines[first - 1], width)) >= 0)
            first--;
        parts.AddRange(lines.Skip(first).Select(line => new Text(line, new Style(Color.Grey))));
        return new Rows(parts);
    }

    private static int LinesOf(string text, int width) =>
        text.Split('\n').Sum(line => Math.Max(1, (line.Length + width - 1) / width));

    private static readonly (char Key, string Command, string Words)[] Keys =
    [
        ('r', "revoke", "revoke"),
        ('s', "restore", "restore"),
        ('o', "outage", "close OCSP port"),
        ('p', "recover", "open it"),
        ('h', "heal", "heal"),
        ('u', "refresh", "refresh staples"),
        ('n', "restart-nginx", "restart nginx"),
        ('f', "", "fault …"),
        ('c', "", "commands"),
        ('q', "", "quit"),
    ];

    // As many keys on a line as fit, each with its words.
    private static List<string> KeyLines(int width)
    {
        var lines = new List<string>();
        var used = width;
        foreach (var (key, _, words) in Keys)
        {
            var length = words.Length + 4;
            if (used + length > width)
            {
                lines.Add("");
                used = 0;
            }

            lines[^1] += $"[bold]{key}[/] {words}  ";
            used += length;
        }

        return lines;
    }

    // Blank line, heading, rule, blank line.
    private const int TableFrame = 5;
    private const int Remembered = 6;
    private static readonly TimeSpan FrameInterval = TimeSpan.FromMilliseconds(100);
}
