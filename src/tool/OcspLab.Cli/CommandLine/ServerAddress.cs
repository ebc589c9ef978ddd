using System.CommandLine;
using System.Globalization;

namespace OcspLab.Cli.CommandLine;

/// <summary>A server as a person names it: <c>host</c>, <c>host:port</c>, or the URL out of a browser.</summary>
/// <param name="Host">A name or an address.</param>
/// <param name="Port">The port; 443 where none is given.</param>
internal sealed record ServerAddress(string Host, int Port)
{
    private const int HttpsPort = 443;

    /// <summary>The name to ask for (SNI), or null where the host is an address.</summary>
    public string? ServerName => Uri.CheckHostName(Host) == UriHostNameType.Dns ? Host : null;

    /// <summary>The argument of a command.</summary>
    public static Argument<ServerAddress> Argument()
    {
        var argument = new Argument<ServerAddress>("HOST[:PORT]")
        {
            Description = "The server, or its https:// URL. Port 443 where none is given.",
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (TryParse(text, out var address))
                    return address;
                result.AddError(
                    text.StartsWith('-')
                        ? $"There is no option '{text}'."
                        : $"'{text}' is not HOST, HOST:PORT or an https:// URL."
                );
                return null!;
            },
        };
        return argument;
    }

    internal static bool TryParse(string text, out ServerAddress address)
    {
        address = null!;
        var rest = text;
        if (text.Contains("://", StringComparison.Ordinal))
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps)
                return false;
            rest = url.Authority;
        }

        // An IPv6 address without brackets has colons of its own.
        var bare = rest.Trim('[', ']');
        if (Uri.CheckHostName(bare) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6)
        {
            address = new ServerAddress(bare, HttpsPort);
            return !text.StartsWith('-');
        }

        var colon = rest.LastIndexOf(':');
        if (
            colon <= 0
            || !int.TryParse(rest[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port is <= 0 or >= 65536
        )
            return false;
        var host = rest[..colon].Trim('[', ']');
        address = new ServerAddress(host, port);
        return host.Length > 0 && !host.StartsWith('-') && Uri.CheckHostName(host) != UriHostNameType.Unknown;
    }
}
