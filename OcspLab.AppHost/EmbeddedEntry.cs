using System.CommandLine;
using OcspLab.Lab;

// The launch profile's addresses are the Aspire dashboard's; here they would be taken for every service's own.
Environment.SetEnvironmentVariable("ASPNETCORE_URLS", null);

var options = new LabOptions();
var root = new RootCommand("""
    Bring the OCSP stapling lab up, until Ctrl-C: certificates, name server, responder, nginx, Kestrel.

    Everything runs in this one process (nginx is its child). For the orchestrated lab with its dashboard, where the feed has
    Aspire's packages: dotnet run --project OcspLab.AppHost -p:UseAspire=true
    """) { options.Lab };
UpCommand.Configure(root, options);
Console.Error.WriteLine("one process, no orchestrator; with Aspire: dotnet run --project OcspLab.AppHost -p:UseAspire=true");
return await CommandRunner.RunAsync(root, args).ConfigureAwait(false);
