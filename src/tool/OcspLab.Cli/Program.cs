using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Commands;

return await CommandRunner.RunAsync(Root.Create(), args.Length > 0 ? args : ["--help"]).ConfigureAwait(false);
