using System.Text.RegularExpressions;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>
/// An authority with its responder, and <c>ocsplab keep</c> for the certificate that lies in <c>fullchain.pem</c>.
/// </summary>
public abstract partial class KeepBench : IAsyncLifetime
{
    private protected KeepBench()
    {
        var ports = FreePort.Find(3);
        (ResponderPort, ServerPort, ServePort) = (ports[0], ports[1], ports[2]);
        Authority = new OpenSslAuthority($"http://127.0.0.1:{ResponderPort}");
    }

    private protected int ResponderPort { get; }

    /// <summary>Of the server that has its staples from <c>keep</c>.</summary>
    private protected int ServerPort { get; }

    /// <summary>Where <c>keep</c> answers questions.</summary>
    private protected int ServePort { get; }

    private protected OpenSslAuthority Authority { get; }

    private protected TempFolder Folder => Authority.Folder;

    public async ValueTask InitializeAsync()
    {
        await Authority.CreateAsync();
        await PutInForceAsync("good");
    }

    public ValueTask DisposeAsync()
    {
        Authority.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// What docs/keep.md says is to be written into a server's configuration, with paths and ports of here.
    /// </summary>
    private protected string Snippet(string server)
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/keep.md"));
        return Regex
            .Match(page, $"(?s)```{server}\n(.*?)```")
            .Groups[1]
            .Value.Replace("/etc/site/", $"{Folder.Path}/", StringComparison.Ordinal)
            .Replace("/var/lib/ocsplab/", $"{Folder.Path}/", StringComparison.Ordinal)
            .Replace("/run/haproxy/", $"{Folder.Path}/", StringComparison.Ordinal)
            .Replace("/var/run/apache2/", $"{Folder.Path}/", StringComparison.Ordinal)
            .Replace("listen 443 ", $"listen 127.0.0.1:{ServerPort} ", StringComparison.Ordinal)
            .Replace("bind :443 ", $"bind 127.0.0.1:{ServerPort} ", StringComparison.Ordinal)
            .Replace("127.0.0.1:8890", $"127.0.0.1:{ServePort}", StringComparison.Ordinal);
    }

    // As certbot does it: the new file takes the place of the old one.
    private protected async Task PutInForceAsync(string name)
    {
        var chain = string.Concat(
            await File.ReadAllTextAsync(Folder[$"{name}.pem"], TestContext.Current.CancellationToken),
            await File.ReadAllTextAsync(Folder["ca.pem"], TestContext.Current.CancellationToken)
        );
        File.Copy(Folder[$"{name}.key"], Folder["site.key"], overwrite: true);
        await File.WriteAllTextAsync(Folder["fullchain.new"], chain, TestContext.Current.CancellationToken);
        File.Move(Folder["fullchain.new"], Folder["fullchain.pem"], overwrite: true);
    }

    private protected Task WriteJsonAsync(string certificate, string common) =>
        File.WriteAllTextAsync(
            Folder["keep.json"],
            $$"""
            { "Keep": { {{common}} "ReloadInterval": "00:00:01", "Serve": "127.0.0.1:{{ServePort}}",
                        "Certificates": { "site": {{certificate}} } },
              "OcspStapling": { "StorageDirectory": "{{Folder["state"]}}", "RetryDelay": "00:00:01",
                                "MinimumRefreshInterval": "00:00:01" } }
            """,
            TestContext.Current.CancellationToken
        );

    private protected RunningProgram Keep() => new(["dotnet", Programs.Cli, "keep", "--config", Folder["keep.json"]]);

    private protected Task<ToolResult> KeepAsync(string mode, string[]? arguments = null) =>
        Tool.RunInAsync(
            Folder.Path,
            "dotnet",
            [Programs.Cli, "keep", mode, .. arguments ?? ["--config", Folder["keep.json"]]]
        );

    private protected Task<RunningProgram> RespondAsync(string option, string value) =>
        Authority.RespondAsync(ResponderPort, "--index", "index.txt", more: [option, value]);

    /// <summary>What the staple of one handshake says: good, revoked, none; or that it does not verify.</summary>
    private protected async Task<string> FirstHandshakeAsync(params string[] options)
    {
        string[] client =
        [
            "s_client",
            "-connect",
            $"127.0.0.1:{ServerPort}",
            "-status",
            "-CAfile",
            "ca.pem",
            "-servername",
            "good",
            .. options,
        ];
        var shown = await Tool.RunInAsync(Folder.Path, "openssl", client);
        if (shown.Output.Contains("OCSP response: no response sent", StringComparison.Ordinal))
            return "none";
        var status = Status().Match(shown.Output);
        var about = Serials().Match(shown.Output);
        if (!status.Success)
            return shown.Error;
        // The certificate that was shown is the one that the staple is about; the delegate's comes before it.
        await File.WriteAllTextAsync(
            Folder["shown.pem"],
            shown.Output[shown.Output.IndexOf("Server certificate", StringComparison.Ordinal)..],
            TestContext.Current.CancellationToken
        );
        var serial = await SerialAsync(Folder["shown.pem"]);
        return about.Groups[1].Value == serial ? status.Groups[1].Value : $"of {about.Groups[1].Value}, not {serial}";
    }

    private protected async Task<string> SerialAsync()
    {
        await FirstHandshakeAsync();
        return await SerialAsync(Folder["shown.pem"]);
    }

    private protected static async Task<string> SerialAsync(string file) =>
        (await Tool.RunAsync("openssl", "x509", "-in", file, "-noout", "-serial")).Output.Trim().Split('=')[^1];

    /// <summary>What openssl is told by the port that keep answers on.</summary>
    private protected async Task<string> AskKeepAsync(string name)
    {
        var asked = await Tool.RunInAsync(
            Folder.Path,
            "openssl",
            "ocsp",
            "-issuer",
            "ca.pem",
            "-cert",
            $"{name}.pem",
            "-no_nonce",
            "-CAfile",
            "ca.pem",
            "-url",
            $"http://127.0.0.1:{ServePort}"
        );
        var line = asked.Output.Split('\n')[0];
        return line.StartsWith($"{name}.pem: ", StringComparison.Ordinal)
            ? line.Split(": ")[1].Trim()
            : asked.Output + asked.Error;
    }

    [GeneratedRegex(@"Cert Status: (\w+)")]
    private static partial Regex Status();

    [GeneratedRegex(@"Serial Number: (\w+)")]
    private static partial Regex Serials();
}
