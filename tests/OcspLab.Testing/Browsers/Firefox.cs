using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace OcspLab.Testing;

/// <summary>
/// Debian's Firefox with a profile of its own, driven over Marionette. Never told to accept what it would refuse: the lab's root is trusted as a
/// person would trust it.
/// </summary>
public sealed class Firefox : IAsyncDisposable
{
    private readonly TempFolder _profile = new();
    private readonly TcpClient _client = new();
    private Process? _process;
    private int _commands;

    /// <param name="root">The root to trust.</param>
    /// <param name="localNames">Names that are this machine's.</param>
    public static async Task<Firefox> StartAsync(X509Certificate2 root, params string[] localNames)
    {
        var firefox = new Firefox();
        await File.WriteAllTextAsync(firefox._profile["user.js"], $"""
            user_pref("marionette.port", 0);
            user_pref("network.dns.localDomains", "{string.Join(',', localNames)}");
            user_pref("browser.shell.checkDefaultBrowser", false);
            user_pref("datareporting.policy.dataSubmissionEnabled", false);
            user_pref("app.update.enabled", false);
            user_pref("network.captive-portal-service.enabled", false);
            user_pref("network.connectivity-service.enabled", false);
            """);
        var start = new ProcessStartInfo(Tool.Require("firefox-esr"), ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile", firefox._profile.Path])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["HOME"] = firefox._profile.Path;
        firefox._process = Process.Start(start)!;
        firefox._process.BeginErrorReadLine();
        firefox._process.BeginOutputReadLine();
        var port = 0;
        await Poll.UntilAsync(() => File.Exists(firefox._profile["MarionetteActivePort"]) && int.TryParse(File.ReadAllText(firefox._profile["MarionetteActivePort"]), out port), "Firefox listens", 60);
        await firefox._client.ConnectAsync(IPAddress.Loopback, port);
        await firefox.ReadAsync();
        await firefox.CommandAsync("WebDriver:NewSession", new { capabilities = new { alwaysMatch = new { pageLoadStrategy = "normal" } } });
        await firefox.CommandAsync("Marionette:SetContext", new { value = "chrome" });
        await firefox.CommandAsync("WebDriver:ExecuteScript", new { script = $"Cc['@mozilla.org/security/x509certdb;1'].getService(Ci.nsIX509CertDB).addCertFromBase64('{Convert.ToBase64String(root.RawData)}', 'C,,');", args = Array.Empty<object>() });
        await firefox.CommandAsync("Marionette:SetContext", new { value = "content" });
        return firefox;
    }

    /// <summary>Opens a page.</summary>
    /// <returns>Firefox's name for the error, or null when the page is there.</returns>
    public async Task<string?> OpenAsync(Uri url)
    {
        var error = await CommandAsync("WebDriver:Navigate", new { url = url.ToString() }, mayFail: true);
        if (error is null)
            return null;
        var code = await CommandAsync("WebDriver:ExecuteScript", new
        {
            script = "const page = (window.wrappedJSObject ?? window).document; try { return page.getFailedCertSecurityInfo().errorCodeString; } catch { return page.getNetErrorInfo().errorCodeString; }",
            args = Array.Empty<object>(),
        });
        return code is "" or null ? error : code;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_process is not null)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        _profile.Dispose();
    }

    /// <returns>The value as text, or the error's where one may come.</returns>
    private async Task<string?> CommandAsync(string name, object parameters, bool mayFail = false)
    {
        var id = ++_commands;
        var message = JsonSerializer.SerializeToUtf8Bytes(new object[] { 0, id, name, parameters });
        await _client.GetStream().WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(message.Length.ToString(CultureInfo.InvariantCulture) + ":"), .. message]);
        using var answer = JsonDocument.Parse(await ReadAsync());
        var error = answer.RootElement[2];
        if (error.ValueKind != JsonValueKind.Null)
            return mayFail ? error.GetProperty("message").GetString() : throw new InvalidOperationException($"{name}: {error}");
        var result = answer.RootElement[3];
        return !mayFail && result.ValueKind == JsonValueKind.Object && result.TryGetProperty("value", out var value) ? value.ToString() : null;
    }

    // LENGTH:JSON
    private async Task<byte[]> ReadAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var stream = _client.GetStream();
        var length = 0;
        var octet = new byte[1];
        while (true)
        {
            await stream.ReadExactlyAsync(octet, patience.Token);
            if (octet[0] == ':')
                break;
            length = (length * 10) + octet[0] - '0';
        }

        var message = new byte[length];
        await stream.ReadExactlyAsync(message, patience.Token);
        return message;
    }
}
