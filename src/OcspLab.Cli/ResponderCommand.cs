using System.CommandLine;
using OcspLab.Lab;
using OcspLab.Responder;

namespace OcspLab.Cli;

/// <summary><c>ocsplab responder</c>.</summary>
internal static class ResponderCommand
{
    public static Command Create(LabOptions options) => new Command("responder", "The running lab's responder: close and open its port, count its answers.")
    {
        Verb("stop", "Close the OCSP port: connections are refused.", options, async (client, cancellationToken) => (await client.StopAsync(cancellationToken).ConfigureAwait(false)).State),
        Verb("start", "Open the OCSP port again.", options, async (client, cancellationToken) => (await client.StartAsync(cancellationToken).ConfigureAwait(false)).State),
        Verb("requests", "How requests were answered since the responder started.", options, async (client, cancellationToken) =>
        {
            var counts = await client.CountAsync(cancellationToken).ConfigureAwait(false);
            return counts.Count == 0 ? "none yet" : string.Join('\n', counts.Select(count => $"{count.Method,-4} {count.Outcome,-16} {count.Count,6}"));
        }),
    }.WithHelp("""
        Examples:
          ocsplab responder stop      an outage: the sites go on stapling
          ocsplab responder start
          ocsplab responder requests
        """);

    private static Command Verb(string name, string description, LabOptions options, Func<ResponderAdminClient, CancellationToken, Task<string>> run)
    {
        var command = new Command(name, description);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var topology = options.Read(arguments);
            var running = LabState.FindRunning(topology.Directory)
                ?? throw new LabException($"No lab runs in {topology.Directory}. Start it with 'ocsplab up', or name its folder with --lab.");
            using var client = new ResponderAdminClient(running.AdminUrl, AdminToken.LoadOrCreate(topology.AdminTokenFile));
            Console.Out.WriteLine(await run(client, cancellationToken).ConfigureAwait(false));
            return ExitCodes.Good;
        });
        return command;
    }
}
