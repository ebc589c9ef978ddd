using OcspLab.LabConsole;

await ConsoleService.Create(args).RunAsync().ConfigureAwait(false);
