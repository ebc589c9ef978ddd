using OcspLab.Lab.Hosting;
using OcspLab.Lab.Topology;
using Spectre.Console;

namespace OcspLab.Cli.Screens;

/// <summary>Shows a lab as it comes up, while it is up, and as it goes down.</summary>
internal abstract class LabScreen : IAsyncDisposable
{
    /// <summary>The lab is up.</summary>
    public abstract void Ready(EmbeddedLab lab);

    /// <summary>The lab goes down: nothing more is done to it.</summary>
    public abstract Task EndAsync();

    /// <summary>
    /// Ends when somebody at the screen wants the lab to go down; without anybody there, when it is cancelled.
    /// </summary>
    public virtual Task UntilQuitAsync(CancellationToken cancellationToken) =>
        Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    public abstract ValueTask DisposeAsync();

    /// <summary>The parts of the lab as a table, a line each: what does not fit is cut.</summary>
    protected static Table Table(LabBoard board)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("resource", "address", "state", "");
        foreach (var resource in board.Resources)
            table.AddRow(
                new Text(resource.Name),
                new Text(resource.Address ?? ""),
                new Markup(Colour(resource.State)),
                new Text(resource.Description) { Overflow = Overflow.Ellipsis }
            );
        table.Columns[^1].NoWrap();
        return table;
    }

    /// <summary>What to try next.</summary>
    protected static string Hints(EmbeddedLab lab)
    {
        var topology = lab.Topology;
        var pki = Path.GetRelativePath(Environment.CurrentDirectory, topology.PkiDirectory);
        if (pki.StartsWith("..", StringComparison.Ordinal))
            pki = topology.PkiDirectory;
        var root = Path.GetFileName(topology.CreatePki(TimeProvider.System).Root.Certificate);
        var ca = $"{pki}/root_ca/CA/{root}";
        var port = topology.Ports.Kestrel;
        var site = LabTopology.SiteHost;
        return $"""
            Try, from another terminal:
              curl --cert-status --cacert {ca} --resolve {site}:{port}:127.0.0.1 https://{site}:{port}/
              openssl s_client -connect 127.0.0.1:{port} -servername {site} -status -CAfile {ca} </dev/null
              dotnet run --project src/tool/OcspLab.Cli -- inspect 127.0.0.1:{port} --servername {site}
              dotnet run --project src/tool/OcspLab.Cli -- pki revoke {LabTopology.SiteCertificate}{LabOption(topology)}
            {(
                lab.Nginx is null ? "" : $"nginx listens on {topology.Ports.Nginx}: the same commands with that port.\n"
            )}Logs are in {topology.LogDirectory}{(
                lab.Nginx is null ? "" : $" and {Path.Combine(topology.NginxDirectory, "logs")}"
            )}.
            Ctrl-C takes the lab down.
            """;
    }

    private static string LabOption(LabTopology topology) =>
        topology.Directory == new LabTopology().Directory ? "" : $" --lab {topology.Directory}";

    private static string Colour(LabResourceState state) =>
        state switch
        {
            LabResourceState.Ready => "[green]ready[/]",
            LabResourceState.Degraded => "[yellow]degraded[/]",
            LabResourceState.Ended => "[red]ended[/]",
            LabResourceState.Starting => "[blue]starting[/]",
            LabResourceState.Waiting => "[grey]waiting[/]",
            _ => "[grey]off[/]",
        };
}
