using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using OcspLab.Lab;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Comparison.Browsers;

/// <summary>Firefox, driven over Marionette. The root is trusted as a person would trust it.</summary>
public sealed class Firefox(TimeProvider clock) : IBrowser
{
    /// <summary>
    /// What it does when no status is to be had. Default <see cref="FirefoxRevocation.Soft"/>, as everywhere.
    /// </summary>
    public FirefoxRevocation Revocation { get; init; }

    /// <inheritdoc/>
    public string Name => "firefox";

    /// <inheritdoc/>
    public string? Missing => Program is null ? DebianPackages.Missing("firefox-esr") : null;

    /// <inheritdoc/>
    public async Task<PageVisit> VisitAsync(Uri page, string rootFile, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(page);
        var program = Program ?? throw new LabException(Missing!);
        using var root = X509CertificateLoader.LoadCertificateFromFile(rootFile);
        var process = await BrowserProcess
            .StartAsync(
                program,
                async home =>
                {
                    var profile = Directory.CreateDirectory(Path.Combine(home, "profile")).FullName;
                    await File.WriteAllTextAsync(
                            Path.Combine(profile, "user.js"),
                            Preferences(page.Host, Revocation),
                            cancellationToken
                        )
                        .ConfigureAwait(false);
                    return
                    [
                        "--headless",
                        "--no-remote",
                        "--marionette",
                        "--remote-allow-system-access",
                        "--profile",
                        profile,
                    ];
                }
            )
            .ConfigureAwait(false);
        await using (process.ConfigureAwait(false))
        {
            using var socket = new TcpClient();
            var port = await process
                .ReadPortAsync("profile/MarionetteActivePort", clock, cancellationToken)
                .ConfigureAwait(false);
            using var timer = new CancellationTokenSource(PageTimeout, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port, either.Token).ConfigureAwait(false);
                return await VisitAsync(new Marionette(socket.GetStream()), page, root, either.Token)
                    .ConfigureAwait(false);
            }
            catch (Exception exception)
                when (exception is IOException or SocketException or JsonException or MarionetteException
                    || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                )
            {
                throw new LabException(
                    $"Firefox did not show {page}: {exception.Message}",
                    LabFailure.Unavailable,
                    exception
                );
            }
        }
    }

    private static async Task<PageVisit> VisitAsync(
        Marionette marionette,
        Uri page,
        X509Certificate2 root,
        CancellationToken cancellationToken
    )
    {
        await marionette.GreetAsync(cancellationToken).ConfigureAwait(false);
        var session = await marionette
            .CommandAsync(
                "WebDriver:NewSession",
                new { capabilities = new { alwaysMatch = new { pageLoadStrategy = "normal" } } },
                cancellationToken
            )
            .ConfigureAwait(false);
        await marionette
            .CommandAsync("Marionette:SetContext", new { value = "chrome" }, cancellationToken)
            .ConfigureAwait(false);
        await RunAsync(
                "Cc['@mozilla.org/security/x509certdb;1'].getService(Ci.nsIX509CertDB)"
                    + $".addCertFromBase64('{Convert.ToBase64String(root.RawData)}', 'C,,');"
            )
            .ConfigureAwait(false);
        await marionette
            .CommandAsync("Marionette:SetContext", new { value = "content" }, cancellationToken)
            .ConfigureAwait(false);

        string? error = null;
        try
        {
            await marionette
                .CommandAsync("WebDriver:Navigate", new { url = page.ToString() }, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (MarionetteException exception)
        {
            // Certificate errors and network errors have pages of different kinds, and the name of the error is hidden
            // behind a button.
            error = (
                await RunAsync(
                        "const page = (window.wrappedJSObject ?? window).document; try { return "
                            + "page.getFailedCertSecurityInfo().errorCodeString; } catch { return "
                            + "page.getNetErrorInfo().errorCodeString; }"
                    )
                    .ConfigureAwait(false)
            ).GetString();
            error = string.IsNullOrEmpty(error) ? exception.Message : error;
            await RunAsync(
                    "const press = root => { for (const element of root.querySelectorAll('*')) { if (element.id === "
                        + "'advanced-button' || element.id === 'advancedButton') element.click(); if "
                        + "(element.shadowRoot) press(element.shadowRoot); } }; press(document);"
                )
                .ConfigureAwait(false);
        }

        var picture = await marionette
            .CommandAsync("WebDriver:TakeScreenshot", new { full = false, hash = false }, cancellationToken)
            .ConfigureAwait(false);
        return new PageVisit(
            $"Firefox {session.GetProperty("capabilities").GetProperty("browserVersion").GetString()}",
            error,
            picture.GetProperty("value").GetBytesFromBase64()
        );

        async Task<JsonElement> RunAsync(string script) =>
            (
                await marionette
                    .CommandAsync(
                        "WebDriver:ExecuteScript",
                        new { script, args = Array.Empty<object>() },
                        cancellationToken
                    )
                    .ConfigureAwait(false)
            ).GetProperty("value");
    }

    private static string Preferences(string host, FirefoxRevocation revocation) =>
        $"""
            user_pref("marionette.port", 0);
            user_pref("network.dns.localDomains", "{host},{LabTopology.ResponderHost}");
            user_pref("browser.shell.checkDefaultBrowser", false);
            user_pref("datareporting.policy.dataSubmissionEnabled", false);
            user_pref("app.update.enabled", false);
            user_pref("network.captive-portal-service.enabled", false);
            user_pref("network.connectivity-service.enabled", false);
            user_pref("security.OCSP.require", {(revocation == FirefoxRevocation.Hard ? "true" : "false")});
            """;

    private static string? Program => ChildProcess.Find("firefox-esr") ?? ChildProcess.Find("firefox");

    private static readonly TimeSpan PageTimeout = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Firefox's remote protocol: frames of <c>LENGTH:JSON</c>, commands as <c>[0, id, name, parameters]</c>.
    /// </summary>
    private sealed class Marionette(NetworkStream stream)
    {
        private int _commands;

        public async Task GreetAsync(CancellationToken cancellationToken) =>
            await ReadAsync(cancellationToken).ConfigureAwait(false);

        public async Task<JsonElement> CommandAsync(string name, object parameters, CancellationToken cancellationToken)
        {
            var message = JsonSerializer.SerializeToUtf8Bytes(new object[] { 0, ++_commands, name, parameters });
            await stream
                .WriteAsync(
                    (byte[])
                        [
                            .. Encoding.ASCII.GetBytes(message.Length.ToString(CultureInfo.InvariantCulture) + ":"),
                            .. message,
                        ],
                    cancellationToken
                )
                .ConfigureAwait(false);
            var answer = JsonDocument.Parse(await ReadAsync(cancellationToken).ConfigureAwait(false)).RootElement;
            var error = answer[2];
            return error.ValueKind == JsonValueKind.Null
                ? answer[3]
                : throw new MarionetteException(error.GetProperty("message").GetString() ?? name);
        }

        private async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
        {
            var length = 0;
            var octet = new byte[1];
            while (true)
            {
                await stream.ReadExactlyAsync(octet, cancellationToken).ConfigureAwait(false);
                if (octet[0] == ':')
                    break;
                length = (length * 10) + octet[0] - '0';
            }

            var message = new byte[length];
            await stream.ReadExactlyAsync(message, cancellationToken).ConfigureAwait(false);
            return message;
        }
    }

    private sealed class MarionetteException(string message) : Exception(message);
}

/// <summary>What Firefox does when no status is to be had.</summary>
public enum FirefoxRevocation
{
    /// <summary>It loads the page.</summary>
    Soft,

    /// <summary>It does not (<c>security.OCSP.require</c>).</summary>
    Hard,
}
