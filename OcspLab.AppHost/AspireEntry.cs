using System.CommandLine;
using OcspLab.AppHost;
using OcspLab.Cli.CommandLine;

// The same command line as without Aspire, and what is Aspire's own.
var options = new LabOptions();
var root = new RootCommand(
    """
    Bring the OCSP stapling lab up with Aspire, until Ctrl-C: certificates, name server, responder, nginx, Kestrel.

    The dashboard's address is printed at the start. In one process, without orchestrator and dashboard:
    dotnet run --project OcspLab.AppHost -p:UseAspire=false
    """
)
{
    options.Lab,
};
options.AddTo(root);
options.AddFleetTo(root);
var duration = Durations.Option("--for", "Take the lab down by itself after this long.");
root.Options.Add(duration);
AspireOptions.AddTo(root);
root.SetAction(
    async (parsed, cancellationToken) =>
    {
        AspireOptions.Check(parsed);
        await AspireLab.RunAsync(options.Read(parsed), args, parsed.GetValue(duration), cancellationToken);
        return ExitCodes.Good;
    }
);
root.WithHelp(
    """
    Examples:
      dotnet run --project OcspLab.AppHost -p:UseAspire=true -- --nginx process
      dotnet run --project OcspLab.AppHost -p:UseAspire=true -- --operation publish --publisher manifest \
          --output-path manifest.json
    """
);
return await CommandRunner.RunAsync(root, args);
