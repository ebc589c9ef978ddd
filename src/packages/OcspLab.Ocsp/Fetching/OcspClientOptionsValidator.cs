using System.Net;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Settings;

namespace OcspLab.Ocsp.Fetching;

/// <summary>Checks bounds and addresses; a slip is named with its key.</summary>
/// <param name="sections">Where the options of clients are configured, as far as anybody has said.</param>
internal sealed class OcspClientOptionsValidator(IEnumerable<OcspClientSection> sections)
    : IValidateOptions<OcspClientOptions>
{
    public ValidateOptionsResult Validate(string? name, OcspClientOptions options)
    {
        var section = SectionOf(name ?? "");
        var failures = Bounds.Check(section, options).ToList();
        failures.AddRange(
            options
                .Resolvers.Where(server => !IPEndPoint.TryParse(server, out _))
                .Select(server => $"{section}:Resolvers: '{server}' is not an IP address, with a port if it isn't 53.")
        );
        if (
            options.Proxy
            is not (null or { IsAbsoluteUri: true, Scheme: "http" or "https" or "socks4" or "socks4a" or "socks5" })
        )
            failures.Add(
                $"{section}:Proxy: '{options.Proxy}' is not an absolute http, https, socks4, socks4a or socks5 URL."
            );
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private string SectionOf(string client) =>
        sections.LastOrDefault(section => section.Client == client)?.Key
        ?? (client.Length == 0 ? nameof(OcspClientOptions) : $"{nameof(OcspClientOptions)} '{client}'");
}

/// <summary>The configuration section of a client's options, for messages about them.</summary>
/// <param name="Client">The client's name; empty for the unnamed one.</param>
/// <param name="Key">The section's key.</param>
internal sealed record OcspClientSection(string Client, string Key);
