using OcspLab.Cli.CommandLine;
using OcspLab.Lab.Hosting;
using Spectre.Console;

namespace OcspLab.Cli.Screens;

/// <summary>
/// The parts of the lab as a table, a line each. Names, addresses and states are never cut; what there is to say of a
/// part is cut to what is left of the line, and goes where next to nothing is left.
/// </summary>
internal static class LabTable
{
    private const int LeastDetail = 16;

    // A blank on either side of a column, what the border puts between two, and its ends.
    private const int Padding = 3;
    private const int Ends = 2;

    /// <param name="resources">The parts.</param>
    /// <param name="width">The columns of the terminal.</param>
    public static Table Of(IReadOnlyList<LabResource> resources, int width)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var heading in (ReadOnlySpan<string>)["resource", "address", "state"])
            table.AddColumn(new TableColumn(heading).NoWrap());
        var fixedWidth =
            Widest(resources, "resource", resource => resource.Name)
            + Widest(resources, "address", resource => resource.Address ?? "")
            + Widest(resources, "state", resource => Word(resource.State))
            + (4 * Padding)
            + Ends;
        var left = width - fixedWidth;
        if (left >= LeastDetail)
            table.AddColumn(new TableColumn("").NoWrap());
        foreach (var resource in resources)
        {
            Text[] cells =
            [
                new(resource.Name),
                new(resource.Address ?? ""),
                new(Word(resource.State), Style(resource)),
            ];
            table.AddRow(
                left >= LeastDetail ? [.. cells, new Text(Cut(OwnCommand.In(resource.Description), left))] : cells
            );
        }

        return table;
    }

    private static int Widest(IReadOnlyList<LabResource> resources, string heading, Func<LabResource, string> cell) =>
        resources.Select(cell).Append(heading).Max(text => text.Length);

    private static string Cut(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + "…";

    private static string Word(LabResourceState state) => state.ToString().ToLowerInvariant();

    private static Style Style(LabResource resource) =>
        resource.State switch
        {
            LabResourceState.Ready => new Style(Color.Green),
            LabResourceState.Degraded => new Style(Color.Yellow),
            LabResourceState.Ended => new Style(Color.Red),
            LabResourceState.Starting => new Style(Color.Blue),
            _ => new Style(Color.Grey),
        };
}
