using OcspLab.Dns;

await DnsService.Create(args).RunAsync().ConfigureAwait(false);
