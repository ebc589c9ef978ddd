using System.CommandLine;
using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Keeping;
using OcspLab.Cli.Serving;

namespace OcspLab.Cli.Commands;

/// <summary><c>ocsplab</c>: all of its commands.</summary>
internal static class Root
{
    public static RootCommand Create()
    {
        var options = new LabOptions();
        return new RootCommand("OCSP stapling: inspect any server's staple, and run the lab.")
        {
            options.Lab,
            UpCommand.Create(options),
            InspectCommand.Create(),
            ConnectCommand.Create(),
            VerifyCommand.Create(),
            KeepCommand.Create(),
            PkiCommand.Create(options),
            ResponderCommand.Create(options),
            NginxCommand.Create(options),
            KestrelCommand.Create(options),
            BrowseCommand.Create(options),
            CompareCommand.Create(options),
            FleetCommand.Create(options),
            ServiceCommands.Dns(),
            DoctorCommand.Create(options),
        };
    }
}
