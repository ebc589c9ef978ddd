using OcspLab.Lab;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Hosting;
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
        Note(
            "ready; 'ocsplab --help' lists what can be done from another terminal, logs are in "
                + lab.Topology.LogDirectory
        );
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
            char? chosen = null;
            await AnsiConsole
                .Live(Picture())
                .AutoClear(false)
                .StartAsync(async live =>
                {
                    while (!_closing.IsCancellationRequested && chosen is null)
                    {
                        chosen = ReadKey();
                        live.UpdateTarget(Picture());
                        await Task.Delay(FrameInterval, _clock, CancellationToken.None).ConfigureAwait(false);
                    }

                    live.UpdateTarget(Picture());
                })
                .ConfigureAwait(false);
            if (chosen is { } key)
                await ActAsync(key).ConfigureAwait(false);
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

    private async Task ActAsync(char key)
    {
        if (_lab is not { } lab)
            return;
        if (key == 'q')
        {
            _quit.TrySetResult();
            return;
        }

        var name =
            key == 'f'
                ? await ChooseFaultAsync(lab).ConfigureAwait(false)
                : Keys.FirstOrDefault(known => known.Key == key).Command;
        if (lab.Commands.FirstOrDefault(command => command.Name == name) is { } command && _command.IsCompleted)
            _command = RunAsync(command);
    }

    private async Task<string?> ChooseFaultAsync(EmbeddedLab lab)
    {
        const string none = "(none: back)";
        var prompt = new SelectionPrompt<string>()
            .Title("How shall the responder misbehave, until healed?")
            .PageSize(12)
            .AddChoices([
                none,
                .. lab
                    .Commands.Where(command =>
                        command.Name.StartsWith(LabCommands.FaultPrefix, StringComparison.Ordinal)
                    )
                    .Select(command => command.Name),
            ]);
        try
        {
            var choice = await prompt.ShowAsync(AnsiConsole.Console, _ending.Token).ConfigureAwait(false);
            return choice == none ? null : choice;
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
            _lines.Enqueue($"{_clock.GetLocalNow():HH:mm:ss} {line}");
            while (_lines.Count > Remembered)
                _lines.Dequeue();
        }
    }

    private Rows Picture()
    {
        var parts = new List<IRenderable> { Table(_board) };
        if (_lab is not null && !Console.IsInputRedirected)
            parts.Add(new Markup(KeyLine));

        lock (_lines)
            parts.AddRange(_lines.Select(line => new Text(line, new Style(Color.Grey))));
        return new Rows(parts);
    }

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
        ('q', "", "quit"),
    ];

    private static readonly string KeyLine = string.Join(
        "  ",
        Keys.Select(key => $"[bold]{key.Key}[/]\u00a0{key.Words.Replace(' ', '\u00a0')}")
    );

    private const int Remembered = 5;
    private static readonly TimeSpan FrameInterval = TimeSpan.FromMilliseconds(100);
}
