using System.CommandLine;
using OcspLab.Lab;

namespace OcspLab.Cli;

/// <summary><c>ocsplab nginx</c>.</summary>
internal static class NginxCommand
{
    public static Command Create(LabOptions options)
    {
        var restart = new Command("restart", "End nginx; the lab starts it again, and it has forgotten its staples.");
        restart.SetAction(async (arguments, cancellationToken) =>
        {
            var topology = options.Read(arguments);
            if (LabState.FindRunning(topology.Directory) is null || !await NginxLeftover.AskToEndAsync(topology.NginxDirectory, cancellationToken).ConfigureAwait(false))
                throw new LabException($"No nginx of a lab runs in {topology.Directory}.");
            Console.Out.WriteLine("nginx restarts");
            return ExitCodes.Good;
        });
        return new Command("nginx", "The running lab's nginx.") { restart }.WithHelp("""
            Example:
              ocsplab nginx restart
            """);
    }
}
