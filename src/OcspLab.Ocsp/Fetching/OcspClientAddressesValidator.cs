using System.Net;
using Microsoft.Extensions.Options;

namespace OcspLab.Ocsp;

/// <summary>Checks what attributes cannot: addresses.</summary>
internal sealed class OcspClientAddressesValidator : IValidateOptions<OcspClientOptions>
{
    public ValidateOptionsResult Validate(string? name, OcspClientOptions options)
    {
        var of = string.IsNullOrEmpty(name) ? "" : $" (client '{name}')";
        var failures = options.Resolvers.Where(server => !IPEndPoint.TryParse(server, out _))
            .Select(server => $"Resolvers: '{server}' is not an IP address, with a port if it isn't 53{of}.")
            .ToList();
        if (options.Proxy is not (null or { IsAbsoluteUri: true, Scheme: "http" or "https" or "socks4" or "socks4a" or "socks5" }))
            failures.Add($"Proxy: '{options.Proxy}' is not an absolute http, https, socks4, socks4a or socks5 URL{of}.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
