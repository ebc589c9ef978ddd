using System.Text.RegularExpressions;
using OcspLab.Lab;

namespace OcspLab.Testing;

/// <summary>Debian's Chromium with a home of its own, a fresh one for each page: it remembers staples and connections.</summary>
public static partial class Chromium
{
    /// <summary>Opens a page.</summary>
    /// <param name="url">The page.</param>
    /// <param name="rootFile">The root to trust.</param>
    /// <returns>Chromium's name for the error, or null when the page is there.</returns>
    public static async Task<string?> OpenAsync(Uri url, string rootFile)
    {
        using var home = new TempFolder();
        var trust = home[".pki/nssdb"];
        Directory.CreateDirectory(trust);
        await Tool.RunAsync("certutil", "-N", "-d", $"sql:{trust}", "--empty-password");
        await Tool.RunAsync("certutil", "-A", "-d", $"sql:{trust}", "-n", "lab", "-t", "C,,", "-i", rootFile);
        var result = await ChildProcess.RunAsync(
            Tool.Require("env"),
            [
                $"HOME={home.Path}", Tool.Require("timeout"), "60", Tool.Require("chromium"), "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", $"--user-data-dir={home["profile"]}", $"--host-resolver-rules=MAP {url.Host} 127.0.0.1", "--enable-logging=stderr", "--dump-dom", url.ToString(),
            ],
            null,
            CancellationToken.None);
        if (Failure().Match(result.Error) is { Success: true } failure)
            return failure.Groups[1].Value;
        return result.Output.Contains("</html>", StringComparison.OrdinalIgnoreCase) ? null : throw new InvalidOperationException($"Chromium showed nothing: {result.Error}");
    }

    [GeneratedRegex("Page load failed: net::(ERR_[A-Z_]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Failure();
}
