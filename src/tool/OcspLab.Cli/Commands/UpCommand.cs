using System.CommandLine;
using OcspLab.Cli.CommandLine;

namespace OcspLab.Cli.Commands;

/// <summary><c>ocsplab up</c>.</summary>
internal static class UpCommand
{
    public static Command Create(LabOptions options)
    {
        var command = new Command("up", "Bring the lab up in one process, until Ctrl-C.").WithHelp(
            """
            Examples:
              ocsplab up
              ocsplab up --keep
              ocsplab up --fleet 4
              ocsplab up --nginx off --for 00:01:00
              ocsplab up --lab /tmp/second --dns-port 15533 --responder-port 18888 --responder-admin-port 18889 \
                --nginx-port 18443 --kestrel-port 19443 --kestrel-builtin-port 19444
            """
        );
        LabSession.Configure(command, options);
        return command;
    }
}
