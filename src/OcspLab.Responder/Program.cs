using OcspLab.Responder;

await ResponderService.Create(args).RunAsync().ConfigureAwait(false);
