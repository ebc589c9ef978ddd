using System.CommandLine;
using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Commands;
using OcspLab.Cli.Keeping;
using OcspLab.Cli.Serving;

var options = new LabOptions();
var root = new RootCommand("OCSP stapling: inspect any server's staple, and run the lab.")
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
return await CommandRunner.RunAsync(root, args.Length > 0 ? args : ["--help"]).ConfigureAwait(false);
