using System.CommandLine;
using OcspLab.Cli.CommandLine;
using OcspLab.Comparison.Fleets;
using OcspLab.Lab.Fleets;
using OcspLab.Lab.Topology;

namespace OcspLab.Cli.Commands;

/// <summary><c>ocsplab fleet</c>.</summary>
internal static class FleetCommand
{
    public static Command Create(LabOptions options)
    {
        var sites = new Option<int>("--sites")
        {
            Description = "How many sites, 2 to 16.",
            DefaultValueFactory = _ => 4,
        };
        Bound(sites, 2, 16);
        var clients = new Option<int>("--clients")
        {
            Description = "How many clients shake hands at once, 1 to 64.",
            DefaultValueFactory = _ => 4,
        };
        Bound(clients, 1, 64);
        var duration = Durations.Option("--for", "How long parts are killed by turns; default 00:02:00.");
        var validity = Durations.Option(
            "--response-lifetime",
            "How long the responders' answers last; default 00:01:00."
        );
        var format = new Option<string>("--format")
        {
            Description = "text or json.",
            DefaultValueFactory = _ => "text",
        };
        format.AcceptOnlyFromAmong("text", "json");
        var command = new Command(
            "fleet",
            "Load a fleet while its sites, Redis, PostgreSQL and responders are killed by turns, and count handshakes."
        )
        {
            sites,
            clients,
            duration,
            validity,
            format,
        }.WithHelp(
            """
            Examples:
              ocsplab fleet
              ocsplab fleet --sites 8 --for 00:05:00 --format json
            All of it runs on loopback, in a folder of its own that is gone afterwards. It wants redis-server, haproxy
            and PostgreSQL from the system's packages.
            Exits with 0 when every handshake had its staple and a revocation reached all sites, and with 1 otherwise.
            """
        );
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                var trial = new FleetTrial(
                    new FleetOrder(
                        arguments.GetValue(sites),
                        arguments.GetValue(clients),
                        arguments.GetValue(duration) ?? TimeSpan.FromMinutes(2),
                        arguments.GetValue(validity) ?? TimeSpan.FromMinutes(1)
                    ),
                    TimeProvider.System,
                    Console.Error.WriteLine
                );
                var report = await trial.RunAsync(cancellationToken).ConfigureAwait(false);
                Console.Out.WriteLine(
                    arguments.GetValue(format) == "json" ? report.ToJson() : report.ToText().TrimEnd()
                );
                cancellationToken.ThrowIfCancellationRequested();
                return report.IsFlawless ? ExitCodes.Good : ExitCodes.Revoked;
            }
        );
        command.Subcommands.Add(CreateKill(options));
        return command;
    }

    private static Command CreateKill(LabOptions options)
    {
        var part = new Argument<string>("PART") { Description = "site-1, redis, postgresql, responder-2 …" };
        var command = new Command("kill", "Kill a part of the fleet of a running lab; the lab starts it again.")
        {
            part,
        }.WithHelp(
            """
            Examples:
              ocsplab fleet kill redis
              ocsplab fleet kill site-2 --lab /tmp/second
            """
        );
        command.SetAction(arguments =>
        {
            var name = arguments.GetValue(part)!;
            var lab = LabState.RequireRunning(arguments.GetValue(options.Lab)!.FullName);
            FleetFolder.Kill(lab.Directory, name);
            Console.Out.WriteLine($"{name} killed");
            return ExitCodes.Good;
        });
        return command;
    }

    private static void Bound(Option<int> option, int least, int most) =>
        option.Validators.Add(result =>
        {
            if (
                result.Tokens is [var token]
                && !(int.TryParse(token.Value, out var number) && number >= least && number <= most)
            )
                result.AddError($"{option.Name} is a number from {least} to {most}, not '{token.Value}'.");
        });
}
