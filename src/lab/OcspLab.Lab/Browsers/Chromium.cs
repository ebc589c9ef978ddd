using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Browsers;

/// <summary>Chromium, driven over its DevTools protocol. The root is put into its user's certificate store.</summary>
public sealed class Chromium(TimeProvider clock) : IBrowser
{
    /// <inheritdoc/>
    public string Name => "chromium";

    /// <inheritdoc/>
    public string? Missing
    {
        get
        {
            if (Program is null)
                return DebianPackages.Missing("chromium");
            return ChildProcess.Find("certutil") is null
                ? DebianPackages.Missing("certutil") + ", without which Chromium trusts no private root"
                : null;
        }
    }

    /// <summary>How wide its window is.</summary>
    /// <value>Pixels; 1280.</value>
    public int Width { get; init; } = 1280;

    /// <inheritdoc/>
    public async Task<PageVisit> VisitAsync(Uri page, string rootFile, CancellationToken cancellationToken) =>
        (await VisitAsync(page, rootFile, "", cancellationToken).ConfigureAwait(false)).Visit;

    /// <summary>Opens a page, looks at it, and asks it something.</summary>
    /// <param name="page">The page.</param>
    /// <param name="rootFile">The root to trust, in PEM.</param>
    /// <param name="script">An expression in JavaScript.</param>
    /// <param name="cancellationToken">Ends the browser.</param>
    /// <returns>What was shown, and the expression's value as text.</returns>
    /// <exception cref="LabException">It is not installed, or it does not come up.</exception>
    public async Task<(PageVisit Visit, string ScriptResult)> VisitAsync(
        Uri page,
        string rootFile,
        string script,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(page);
        if (Missing is { } missing)
            throw new LabException(missing);
        var process = await BrowserProcess
            .StartAsync(Program!, async home =>
            {
                var trust = Directory.CreateDirectory(Path.Combine(home, ".pki/nssdb")).FullName;
                foreach (
                    var arguments in (string[][])
                        [
                            ["-N", "--empty-password"],
                            ["-A", "-n", "lab", "-t", "C,,", "-i", rootFile],
                        ]
                )
                {
                    var result = await ChildProcess
                        .RunAsync("certutil", [.. arguments, "-d", $"sql:{trust}"], null, cancellationToken)
                        .ConfigureAwait(false);
                    if (result.ExitCode != 0)
                        throw new LabException($"certutil does not take the lab's root: {result.Error.Trim()}");
                }

                return
                [
                    "--headless",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--hide-scrollbars",
                    $"--window-size={Width},800",
                    // Its sandbox refuses root.
                    .. Environment.IsPrivilegedProcess ? (string[])["--no-sandbox"] : [],
                    $"--user-data-dir={Path.Combine(home, "profile")}",
                    $"--host-resolver-rules=MAP {page.Host} 127.0.0.1, MAP {LabTopology.ResponderHost} 127.0.0.1",
                    "--remote-debugging-port=0",
                    "about:blank",
                ];
            })
            .ConfigureAwait(false);
        await using (process.ConfigureAwait(false))
        {
            var port = await process
                .ReadPortAsync("profile/DevToolsActivePort", clock, cancellationToken)
                .ConfigureAwait(false);
            using var timer = new CancellationTokenSource(PageTimeout, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
            try
            {
                return await VisitAsync(port, page, script, either.Token).ConfigureAwait(false);
            }
            catch (Exception exception)
                when (exception is IOException or WebSocketException or HttpRequestException or JsonException
                    || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                )
            {
                throw new LabException(
                    $"Chromium did not show {page}: {exception.Message}",
                    LabFailure.Unavailable,
                    exception
                );
            }
        }
    }

    private async Task<(PageVisit, string)> VisitAsync(
        int port,
        Uri page,
        string script,
        CancellationToken cancellationToken
    )
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }, disposeHandler: true)
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        };
        var version = await http.GetFromJsonAsync<JsonElement>("/json/version", cancellationToken)
            .ConfigureAwait(false);
        var tabs = await http.GetFromJsonAsync<JsonElement[]>("/json/list", cancellationToken).ConfigureAwait(false)
            ?? [];
        var tab = tabs.First(tab => tab.GetProperty("type").GetString() == "page");
        using var socket = new ClientWebSocket();
        await socket
            .ConnectAsync(new Uri(tab.GetProperty("webSocketDebuggerUrl").GetString()!), cancellationToken)
            .ConfigureAwait(false);
        var devTools = new DevTools(socket);
        await devTools.CommandAsync("Page.enable", new { }, cancellationToken).ConfigureAwait(false);
        string? error;
        do
        {
            var navigation = await devTools
                .CommandAsync("Page.navigate", new { url = page.ToString() }, cancellationToken)
                .ConfigureAwait(false);
            error = navigation.TryGetProperty("errorText", out var text) ? text.GetString() : null;
            await devTools.EventAsync("Page.loadEventFired", cancellationToken).ConfigureAwait(false);
            // The error page draws itself after it is loaded.
            await Task.Delay(TimeSpan.FromMilliseconds(300), clock, cancellationToken).ConfigureAwait(false);
        } while (error == NetworkChanged);

        var picture = await devTools
            .CommandAsync("Page.captureScreenshot", new { format = "png" }, cancellationToken)
            .ConfigureAwait(false);
        var answer = await devTools
            .CommandAsync("Runtime.evaluate", new { expression = script, returnByValue = true }, cancellationToken)
            .ConfigureAwait(false);
        var visit = new PageVisit(
            version
                .GetProperty("Browser")
                .GetString()!
                .Replace("HeadlessChrome/", "Chromium ", StringComparison.Ordinal)
                .Replace("Chrome/", "Chromium ", StringComparison.Ordinal),
            error?.Replace("net::", "", StringComparison.Ordinal),
            picture.GetProperty("data").GetBytesFromBase64()
        );
        return (visit, answer.GetProperty("result").TryGetProperty("value", out var value) ? value.ToString() : "");
    }

    private static string? Program =>
        ChildProcess.Find("chromium") ?? ChildProcess.Find("chromium-browser") ?? ChildProcess.Find("google-chrome");

    private static readonly TimeSpan PageTimeout = TimeSpan.FromSeconds(60);

    // A container's network came or went beside it: that is no fault of the page, and it is asked for again.
    private const string NetworkChanged = "net::ERR_NETWORK_CHANGED";

    /// <summary>The DevTools protocol: JSON messages over a WebSocket, answers by number, events by name.</summary>
    private sealed class DevTools(ClientWebSocket socket)
    {
        private readonly HashSet<string> _seen = [];
        private int _commands;

        public async Task<JsonElement> CommandAsync(
            string method,
            object parameters,
            CancellationToken cancellationToken
        )
        {
            var id = ++_commands;
            await socket
                .SendAsync(
                    JsonSerializer.SerializeToUtf8Bytes(
                        new
                        {
                            id,
                            method,
                            @params = parameters,
                        }
                    ),
                    WebSocketMessageType.Text,
                    true,
                    cancellationToken
                )
                .ConfigureAwait(false);
            while (true)
            {
                var message = await ReadAsync(cancellationToken).ConfigureAwait(false);
                if (message.TryGetProperty("id", out var answered) && answered.GetInt32() == id)
                    return message.TryGetProperty("result", out var result)
                        ? result
                        : throw new IOException($"{method}: {message}");
            }
        }

        /// <summary>Waits for an event, or finds that it has been; each once.</summary>
        public async Task EventAsync(string name, CancellationToken cancellationToken)
        {
            while (!_seen.Remove(name))
                await ReadAsync(cancellationToken).ConfigureAwait(false);
        }

        private async Task<JsonElement> ReadAsync(CancellationToken cancellationToken)
        {
            using var message = new MemoryStream();
            var buffer = new byte[64 * 1024];
            ValueWebSocketReceiveResult received;
            do
            {
                received = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
                message.Write(buffer.AsSpan(0, received.Count));
            } while (!received.EndOfMessage);
            var document = JsonDocument.Parse(message.ToArray()).RootElement;
            if (document.TryGetProperty("method", out var method))
                _seen.Add(method.GetString()!);
            return document;
        }
    }
}
