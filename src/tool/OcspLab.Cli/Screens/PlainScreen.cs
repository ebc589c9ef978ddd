using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Verdicts;
using OcspLab.Lab.Hosting;

namespace OcspLab.Cli.Screens;

/// <summary>
/// For pipes and files: what goes on to standard error, a line each; the table, and <c>ready</c>, to standard output.
/// </summary>
internal sealed class PlainScreen : LabScreen
{
    private readonly LabBoard _board;

    public PlainScreen(LabBoard board)
    {
        _board = board;
        _board.Said += Say;
        _board.Changed += Show;
    }

    public override void Ready(EmbeddedLab lab)
    {
        Terminal.Write(LabTable.Of(_board.Resources, Terminal.Width));
        if (lab.PageAddress is { } address)
            Console.Out.WriteLine($"In a browser: {address}");
        Console.Out.WriteLine(
            $"""
            {LabHints.Of(lab.Topology, lab.Nginx is not null, Environment.CurrentDirectory, Terminal.Width)}
            {Remarks(lab)}
            Ctrl-C takes the lab down.
            ready
            """
        );
    }

    public override Task EndAsync() => Console.Error.WriteLineAsync("taking the lab down");

    public override ValueTask DisposeAsync()
    {
        _board.Said -= Say;
        _board.Changed -= Show;
        return ValueTask.CompletedTask;
    }

    private static void Say(string line) => Console.Error.WriteLine(VerdictTable.Harmless(OwnCommand.In(line)));

    // Every other state is in the table, or in a line of its own.
    private static void Show(LabResource resource)
    {
        if (resource.State is LabResourceState.Starting)
            Console.Error.WriteLine(
                $"{resource.Name}: starting{(resource.Description.Length > 0 ? $", {resource.Description}" : "")}"
            );
    }
}
