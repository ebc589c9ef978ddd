using System.CommandLine;
using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Commands;

// The launch profile's addresses are the Aspire dashboard's; here they would be taken for every service's own.
Environment.SetEnvironmentVariable("ASPNETCORE_URLS", null);

var options = new LabOptions();
var root = new RootCommand(
    """
    Bring the OCSP stapling lab up, until Ctrl-C: certificates, name server, responder, nginx, Kestrel.

    Everything runs in this one process (nginx is its child). For the orchestrated lab with its dashboard,
    where the feed has Aspire's packages: dotnet run --project OcspLab.AppHost -p:UseAspire=true
    """
)
{
    options.Lab,
};
LabSession.Configure(
    root,
    options,
    "one process, no orchestrator; with Aspire: dotnet run --project OcspLab.AppHost -p:UseAspire=true"
);
root.WithHelp(
    """
    Examples:
      dotnet run --project OcspLab.AppHost
      dotnet run --project OcspLab.AppHost -- --nginx off --for 00:01:00
    """
);
return await CommandRunner.RunAsync(root, args).ConfigureAwait(false);
