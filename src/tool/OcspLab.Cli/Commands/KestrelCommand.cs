using System.CommandLine;
using OcspLab.Cli.CommandLine;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Topology;

namespace OcspLab.Cli.Commands;

/// <summary><c>ocsplab kestrel</c>.</summary>
internal static class KestrelCommand
{
    public static Command Create(LabOptions options)
    {
        var refresh = new Command("refresh", "Have the site with this project's stapling ask for new staples now.");
        refresh.SetAction(
            async (arguments, cancellationToken) =>
            {
                var topology = options.Read(arguments);
                var running = LabState.RequireRunning(topology.Directory);
                Console.Out.WriteLine(
                    await SiteClient
                        .RefreshAsync(
                            LabTopology.SiteHost,
                            running.Ports.Kestrel,
                            running.CreatePki(TimeProvider.System).Root.Certificate,
                            cancellationToken
                        )
                        .ConfigureAwait(false)
                );
                return ExitCodes.Good;
            }
        );
        return new Command("kestrel", "The running lab's site with this project's stapling.") { refresh }.WithHelp(
            """
            Example:
              ocsplab kestrel refresh
            """
        );
    }
}
