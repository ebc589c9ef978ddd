using OcspLab.Site;

await SiteService.Create(args).RunAsync().ConfigureAwait(false);
