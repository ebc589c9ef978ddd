using System.Diagnostics.CodeAnalysis;

namespace OcspLab.Responder.Tokens;

/// <summary>
/// A key in a token, named as RFC 7512 has it: <c>pkcs11:token=ocsp;object=signer?module-path=…&amp;pin-source=…</c>.
/// </summary>
/// <param name="ModulePath">The module's file (<c>module-path</c>).</param>
/// <param name="Token">The token's label (<c>token</c>), or null for the only one.</param>
/// <param name="TokenSerial">The token's serial number (<c>serial</c>), or null for any.</param>
/// <param name="Label">The key's label (<c>object</c>), or null for any.</param>
/// <param name="Id">The key's identifier (<c>id</c>), or null for any.</param>
/// <param name="PinFile">The file whose first line is the PIN (<c>pin-source</c>), or null for none.</param>
internal sealed record Pkcs11Uri(
    string ModulePath,
    string? Token,
    string? TokenSerial,
    string? Label,
    byte[]? Id,
    string? PinFile
)
{
    /// <summary>Whether it is meant to be one.</summary>
    public static bool IsOne(string? text) => text?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ?? false;

    /// <summary>Reads it.</summary>
    /// <param name="text">The URI.</param>
    /// <param name="uri">What it names.</param>
    /// <param name="fault">What is wrong with it; nothing secret is in it.</param>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out Pkcs11Uri? uri,
        [NotNullWhen(false)] out string? fault
    )
    {
        uri = null;
        var halves = text[Scheme.Length..].Split('?', 2);
        var parts = new Dictionary<string, string>();
        foreach (
            var attribute in halves[0]
                .Split(';')
                .Concat(halves.ElementAtOrDefault(1)?.Split('&') ?? [])
                .Where(part => part.Length > 0)
        )
        {
            var pair = attribute.Split('=', 2);
            if (pair.Length != 2 || !Known.Contains(pair[0]))
            {
                fault =
                    pair[0] == "pin-value"
                        ? "a PIN does not belong into a setting; pin-source names the file that it is in"
                        : $"'{pair[0]}' is not an attribute that is known here; {string.Join(", ", Known)} are";
                return false;
            }

            if (!parts.TryAdd(pair[0], pair[1]))
            {
                fault = $"'{pair[0]}' stands twice";
                return false;
            }
        }

        fault =
            parts.TryGetValue("type", out var type) && type != "private" ? $"type is private, not '{type}'"
            : !parts.ContainsKey("module-path") ? "module-path, the module's file, is missing"
            : !parts.ContainsKey("object") && !parts.ContainsKey("id")
                ? "object or id, the key's label or number, is missing"
            : null;
        if (fault is not null)
            return false;
        uri = new Pkcs11Uri(
            Text(parts, "module-path")!,
            Text(parts, "token"),
            Text(parts, "serial"),
            Text(parts, "object"),
            parts.TryGetValue("id", out var id) ? Octets(id) : null,
            FileOf(Text(parts, "pin-source"))
        );
        return true;
    }

    private static string? Text(Dictionary<string, string> parts, string name) =>
        parts.TryGetValue(name, out var value) ? Uri.UnescapeDataString(value) : null;

    // Any octets, so they are not unescaped as text.
    private static byte[] Octets(string value)
    {
        var octets = new List<byte>();
        for (var index = 0; index < value.Length; index++)
        {
            if (
                value[index] == '%'
                && index + 2 < value.Length
                && byte.TryParse(
                    value.AsSpan(index + 1, 2),
                    System.Globalization.NumberStyles.AllowHexSpecifier,
                    System.Globalization.CultureInfo.InvariantCulture,
                    out var octet
                )
            )
            {
                octets.Add(octet);
                index += 2;
            }
            else
                octets.Add((byte)value[index]);
        }

        return [.. octets];
    }

    // "file:/path", "file://host/path", or a path alone (RFC 7512 §2.4).
    private static string? FileOf(string? source)
    {
        if (source is null || !source.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
            return source;
        var path = source["file:".Length..];
        return path.StartsWith("//", StringComparison.Ordinal) && path.IndexOf('/', 2) is >= 0 and var start
            ? path[start..]
            : path;
    }

    private const string Scheme = "pkcs11:";

    private static readonly string[] Known = ["token", "serial", "object", "id", "type", "module-path", "pin-source"];
}
