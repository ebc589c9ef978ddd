using OcspLab.Responder.Hosting;

await ResponderService.Create(args).RunAsync().ConfigureAwait(false);
