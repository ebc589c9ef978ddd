using System.Net;
using Microsoft.Extensions.Options;

namespace OcspLab.Ocsp.Fetching;

/// <summary>Checks what attributes cannot: addresses.</summary>
internal sealed class OcspClientAddressesValidator : IValidateOptions<OcspClientOptions>
{
    /// <summary>Where stapling reads the options of a client: the section of the unnamed one, or of those with a name.</summary>
    public static string SectionOf(string? name) => string.IsNullOrEmpty(name) ? "OcspStapling:Fetch" : $"OcspStapling:Clients:{name}";

    public ValidateOptionsResult Validate(string? name, OcspClientOptions options)
    {
        var section = SectionOf(name);
        var failures = options.Resolvers.Where(server => !IPEndPoint.TryParse(server, out _))
            .Select(server => $"{section}:Resolvers: '{server}' is not an IP address, with a port if it isn't 53.")
            .ToList();
        if (options.Proxy is not (null or { IsAbsoluteUri: true, Scheme: "http" or "https" or "socks4" or "socks4a" or "socks5" }))
            failures.Add($"{section}:Proxy: '{options.Proxy}' is not an absolute http, https, socks4, socks4a or socks5 URL.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
