using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace OcspLab.Lab.Browsers;

/// <summary>A Firefox of its own with an empty profile, told what to do over Marionette.</summary>
internal sealed class FirefoxSession : IAsyncDisposable
{
    private readonly BrowserProcess _process;
    private readonly TcpClient _socket = new();
    private Marionette? _marionette;

    private FirefoxSession(BrowserProcess process) => _process = process;

    /// <summary>Firefox's version.</summary>
    public string Version { get; private set; } = "";

    /// <summary>Starts it.</summary>
    /// <param name="program">Firefox.</param>
    /// <param name="preferences">Lines of its <c>user.js</c>, beside those that keep it from asking for things.</param>
    /// <param name="clock">The time.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LabException">It does not come up.</exception>
    public static async Task<FirefoxSession> StartAsync(
        string program,
        string preferences,
        TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        var process = await BrowserProcess
            .StartAsync(program, async home =>
            {
                var profile = Directory.CreateDirectory(Path.Combine(home, "profile")).FullName;
                await File.WriteAllTextAsync(
                        Path.Combine(profile, "user.js"),
                        $"{Quiet}\n{preferences}\n",
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
            })
            .ConfigureAwait(false);
        var session = new FirefoxSession(process);
        try
        {
            var port = await process
                .ReadPortAsync("profile/MarionetteActivePort", clock, cancellationToken)
                .ConfigureAwait(false);
            await session.ConnectAsync(port, cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch (Exception exception)
        {
            await session.DisposeAsync().ConfigureAwait(false);
            if (exception is IOException or SocketException or JsonException or MarionetteException)
                throw new LabException(
                    $"Firefox does not listen: {exception.Message}",
                    LabFailure.Unavailable,
                    exception
                );
            throw;
        }
    }

    /// <summary>Trusts a root, as a person would.</summary>
    public async Task TrustAsync(X509Certificate2 root, CancellationToken cancellationToken)
    {
        await CommandAsync("Marionette:SetContext", new { value = "chrome" }, cancellationToken).ConfigureAwait(false);
        await RunAsync(
                "Cc['@mozilla.org/security/x509certdb;1'].getService(Ci.nsIX509CertDB)"
                    + $".addCertFromBase64('{Convert.ToBase64String(root.RawData)}', 'C,,');",
                cancellationToken
            )
            .ConfigureAwait(false);
        await CommandAsync("Marionette:SetContext", new { value = "content" }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a page.</summary>
    /// <exception cref="MarionetteException">It shows a page of its own instead.</exception>
    public Task NavigateAsync(Uri page, CancellationToken cancellationToken) =>
        CommandAsync("WebDriver:Navigate", new { url = page.ToString() }, cancellationToken);

    /// <summary>Runs a function's body in the page.</summary>
    /// <returns>What it returns.</returns>
    public async Task<JsonElement> RunAsync(string script, CancellationToken cancellationToken) =>
        (
            await CommandAsync(
                    "WebDriver:ExecuteScript",
                    new { script, args = Array.Empty<object>() },
                    cancellationToken
                )
                .ConfigureAwait(false)
        ).GetProperty("value");

    /// <summary>What is to be seen, as PNG.</summary>
    public async Task<byte[]> TakePictureAsync(CancellationToken cancellationToken) =>
        (
            await CommandAsync("WebDriver:TakeScreenshot", new { full = false, hash = false }, cancellationToken)
                .ConfigureAwait(false)
        )
            .GetProperty("value")
            .GetBytesFromBase64();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _process.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ConnectAsync(int port, CancellationToken cancellationToken)
    {
        await _socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken).ConfigureAwait(false);
        _marionette = new Marionette(_socket.GetStream());
        await _marionette.GreetAsync(cancellationToken).ConfigureAwait(false);
        var session = await CommandAsync(
                "WebDriver:NewSession",
                new { capabilities = new { alwaysMatch = new { pageLoadStrategy = "normal" } } },
                cancellationToken
            )
            .ConfigureAwait(false);
        Version = session.GetProperty("capabilities").GetProperty("browserVersion").GetString() ?? "";
    }

    private Task<JsonElement> CommandAsync(string name, object parameters, CancellationToken cancellationToken) =>
        _marionette!.CommandAsync(name, parameters, cancellationToken);

    private const string Quiet = """
        user_pref("marionette.port", 0);
        user_pref("browser.shell.checkDefaultBrowser", false);
        user_pref("datareporting.policy.dataSubmissionEnabled", false);
        user_pref("app.update.enabled", false);
        user_pref("network.captive-portal-service.enabled", false);
        user_pref("network.connectivity-service.enabled", false);
        """;
}
