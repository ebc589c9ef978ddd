using System.CommandLine;
using OcspLab.Cli.CommandLine;
using OcspLab.Lab;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Cli.Commands;

/// <summary><c>ocsplab nginx</c>.</summary>
internal static class NginxCommand
{
    public static Command Create(LabOptions options) =>
        new Command("nginx", "The lab's nginx.") { Restart(options), Test(options) }.WithHelp(
            """
            Examples:
              ocsplab nginx restart
              ocsplab nginx test
              ocsplab nginx test --hosts system
            """
        );

    private static Command Restart(LabOptions options)
    {
        var command = new Command(
            "restart",
            "End the running nginx; the lab starts it again, and it has forgotten its staples."
        );
        var kept = new Option<bool>("--kept") { Description = "The one that has its staples from keep." };
        command.Options.Add(kept);
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                var topology = options.Read(arguments);
                var running = LabState.RequireRunning(topology.Directory);
                if (LabState.HostOf(topology.Directory) == LabHost.Aspire)
                    throw new LabException(
                        "The lab runs under Aspire, which starts nothing again by itself: use nginx's 'Restart' "
                            + "in its dashboard."
                    );
                var (directory, port) = arguments.GetValue(kept)
                    ? (running.NginxKeptDirectory, running.Ports.NginxKept)
                    : (running.NginxDirectory, running.Ports.Nginx);
                await NginxLeftover
                    .RestartAsync(directory, port, TimeProvider.System, cancellationToken)
                    .ConfigureAwait(false);
                Console.Out.WriteLine("nginx restarted");
                return ExitCodes.Good;
            }
        );
        return command;
    }

    private static Command Test(LabOptions options)
    {
        var hosts = new Option<string>("--hosts")
        {
            Description =
                "The /etc/hosts that nginx sees: the lab's, or the system's, which does not know the responder.",
            HelpName = "lab|system",
            DefaultValueFactory = _ => "lab",
        };
        hosts.AcceptOnlyFromAmong("lab", "system");
        var command = new Command(
            "test",
            "Run 'nginx -t' over the configuration of the lab that is up or was, and pass on what it says."
        )
        {
            hosts,
        };
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                var topology = options.ReadExisting(arguments);
                var test = await NginxTest
                    .CommandAsync(
                        topology,
                        arguments.GetValue(hosts) == "lab" ? NginxHosts.Lab : NginxHosts.System,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                var result = await ChildProcess
                    .RunAsync(test[0], test.Skip(1), null, cancellationToken)
                    .ConfigureAwait(false);
                Console.Error.Write(result.Error);
                Console.Out.Write(result.Output);
                return result.ExitCode == 0 ? ExitCodes.Good : ExitCodes.Configuration;
            }
        );
        return command;
    }
}
