using OcspLab.Comparison.Servers;
using OcspLab.Lab.Browsers;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Comparison.Clients;

/// <summary>OpenSSL's s_client, which shows the status and goes on whatever it is.</summary>
internal sealed class OpenSslStatusClient : IStatusClient
{
    public string Name => "openssl";

    public string? Missing => ChildProcess.Find("openssl") is null ? DebianPackages.Missing("openssl") : null;

    public string Setting => "s_client -status -verify_return_error: it asks for a staple, and acts on none";

    public Task<string> ReadVersionAsync(CancellationToken cancellationToken) =>
        StaplingServers.FirstLineAsync("openssl", "version", cancellationToken);

    public async Task<ClientReaction> ConnectAsync(ClientVisit visit, CancellationToken cancellationToken)
    {
        var result = await visit
            .RunAsync(
                "openssl",
                [
                    "s_client",
                    "-connect",
                    $"127.0.0.1:{visit.Port}",
                    "-servername",
                    LabTopology.SiteHost,
                    "-CAfile",
                    visit.RootFile,
                    "-verify_return_error",
                    "-status",
                ],
                cancellationToken
            )
            .ConfigureAwait(false);
        var lines = result.Output.Split('\n');
        var status = Array.Find(lines, line => line.Contains("Cert Status:", StringComparison.Ordinal))
            ?? Array.Find(lines, line => line.Contains("OCSP Response Status:", StringComparison.Ordinal))
            ?? "no staple";
        return new ClientReaction(result.ExitCode == 0 ? ClientOutcome.Connects : ClientOutcome.Refuses, status.Trim());
    }
}

/// <summary>curl, with and without <c>--cert-status</c>.</summary>
internal sealed class CurlStatusClient(CurlStatus status) : IStatusClient
{
    public string Name => status == CurlStatus.Required ? "curl-cert-status" : "curl";

    public string? Missing => ChildProcess.Find("curl") is null ? DebianPackages.Missing("curl") : null;

    public string Setting =>
        status == CurlStatus.Required
            ? "--cert-status: no page without a good staple"
            : "its defaults: the status is not looked at";

    // What follows are the versions of everything that it is linked with.
    public async Task<string> ReadVersionAsync(CancellationToken cancellationToken) =>
        string.Join(
            ' ',
            (await StaplingServers.FirstLineAsync("curl", "--version", cancellationToken).ConfigureAwait(false))
                .Split(' ')
                .Take(4)
        );

    public async Task<ClientReaction> ConnectAsync(ClientVisit visit, CancellationToken cancellationToken)
    {
        string[] required = status == CurlStatus.Required ? ["--cert-status"] : [];
        var result = await visit
            .RunAsync(
                "curl",
                [
                    "--silent",
                    "--show-error",
                    "--output",
                    "/dev/null",
                    "--max-time",
                    "20",
                    "--noproxy",
                    "*",
                    .. required,
                    "--cacert",
                    visit.RootFile,
                    "--resolve",
                    $"{LabTopology.SiteHost}:{visit.Port}:127.0.0.1",
                    visit.Page.ToString(),
                ],
                cancellationToken
            )
            .ConfigureAwait(false);
        return new ClientReaction(
            result.ExitCode == 0 ? ClientOutcome.Connects : ClientOutcome.Refuses,
            result.ExitCode == 0 ? "" : $"{result.ExitCode}: {ClientText.After(result.Error, ") ")}"
        );
    }
}

/// <summary>Whether curl wants a staple.</summary>
internal enum CurlStatus
{
    /// <summary>It does not look.</summary>
    Ignored,

    /// <summary>It refuses without a good one.</summary>
    Required,
}

/// <summary>GnuTLS's client, which judges a staple that is there and enforces must-staple.</summary>
internal sealed class GnuTlsStatusClient : IStatusClient
{
    public string Name => "gnutls-cli";

    public string? Missing => ChildProcess.Find("gnutls-cli") is null ? DebianPackages.Missing("gnutls-cli") : null;

    public string Setting => "its defaults: it judges a staple that is there, and asks nobody";

    public Task<string> ReadVersionAsync(CancellationToken cancellationToken) =>
        StaplingServers.FirstLineAsync("gnutls-cli", "--version", cancellationToken);

    public async Task<ClientReaction> ConnectAsync(ClientVisit visit, CancellationToken cancellationToken)
    {
        var result = await visit
            .RunAsync(
                "gnutls-cli",
                [
                    "--x509cafile",
                    visit.RootFile,
                    "--port",
                    $"{visit.Port}",
                    "--sni-hostname",
                    LabTopology.SiteHost,
                    "--verify-hostname",
                    LabTopology.SiteHost,
                    "127.0.0.1",
                ],
                cancellationToken
            )
            .ConfigureAwait(false);
        var status = Array.Find(result.Output.Split('\n'), line =>
            line.StartsWith("- Status:", StringComparison.Ordinal)
        );
        return new ClientReaction(
            result.ExitCode == 0 ? ClientOutcome.Connects : ClientOutcome.Refuses,
            $"{result.ExitCode}: {(status is null ? "no status" : ClientText.After(status, "Status: "))}"
        );
    }
}

/// <summary>.NET's own SslStream in a process of its own, checking revocation online: <c>ocsplab connect</c>.</summary>
internal sealed class DotNetStatusClient : IStatusClient
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "ocsplab.dll");

    public string Name => "dotnet";

    public string? Missing => File.Exists(Program) ? null : $"{Program} is missing";

    public string Setting => "SslStream, X509RevocationMode.Online for the server's certificate alone";

    public Task<string> ReadVersionAsync(CancellationToken cancellationToken) =>
        Task.FromResult($".NET {Environment.Version}");

    public async Task<ClientReaction> ConnectAsync(ClientVisit visit, CancellationToken cancellationToken)
    {
        // It remembers answers below HOME, and finds the responder's name nowhere.
        var result = await visit
            .RunAsync(
                "env",
                [
                    $"http_proxy=http://127.0.0.1:{visit.ResponderPort}",
                    "no_proxy=",
                    "dotnet",
                    Program,
                    "connect",
                    $"127.0.0.1:{visit.Port}",
                    "--servername",
                    LabTopology.SiteHost,
                    "--ca",
                    visit.RootFile,
                ],
                cancellationToken
            )
            .ConfigureAwait(false);
        return new ClientReaction(
            result.ExitCode == 0 ? ClientOutcome.Connects : ClientOutcome.Refuses,
            result.ExitCode == 0 ? "" : result.Error.Trim()
        );
    }
}

/// <summary>Java's JSSE with revocation checking, in a program that its launcher compiles.</summary>
internal sealed class JavaStatusClient(JavaRevocation revocation) : IStatusClient
{
    public string Name => revocation == JavaRevocation.Hard ? "java" : "java-soft";

    // The compiler is the launcher's: a runtime alone has none.
    public string? Missing => ChildProcess.Find("javac") is null ? DebianPackages.Missing("javac") : null;

    public string Setting =>
        revocation == JavaRevocation.Hard
            ? "PKIXRevocationChecker: no status, no connection"
            : "PKIXRevocationChecker with SOFT_FAIL";

    public Task<string> ReadVersionAsync(CancellationToken cancellationToken) =>
        StaplingServers.FirstLineAsync("java", "--version", cancellationToken);

    public async Task<ClientReaction> ConnectAsync(ClientVisit visit, CancellationToken cancellationToken)
    {
        var program = Path.Combine(visit.Folder, "Connect.java");
        var source = typeof(JavaStatusClient).Assembly.GetManifestResourceStream("Connect.java")!;
        await using (source.ConfigureAwait(false))
        {
            var file = File.Create(program);
            await using (file.ConfigureAwait(false))
                await source.CopyToAsync(file, cancellationToken).ConfigureAwait(false);
        }

        var result = await visit
            .RunAsync(
                "java",
                [
                    "-Dhttp.proxyHost=127.0.0.1",
                    $"-Dhttp.proxyPort={visit.ResponderPort}",
                    "-Dhttp.nonProxyHosts=",
                    program,
                    $"{visit.Port}",
                    LabTopology.SiteHost,
                    visit.RootFile,
                    revocation == JavaRevocation.Hard ? "hard" : "soft",
                ],
                cancellationToken
            )
            .ConfigureAwait(false);
        return new ClientReaction(
            result.ExitCode == 0 ? ClientOutcome.Connects : ClientOutcome.Refuses,
            result.ExitCode == 0 ? "" : ClientText.FirstLine(result.Error).Split(',')[0]
        );
    }
}

/// <summary>What Java does when no status is to be had.</summary>
internal enum JavaRevocation
{
    /// <summary>It refuses.</summary>
    Hard,

    /// <summary>It goes on.</summary>
    Soft,
}

/// <summary>A browser, with its defaults or stricter.</summary>
internal sealed class BrowserStatusClient(IBrowser browser, string name, string setting) : IStatusClient
{
    private string _version = browser.Name;

    public string Name => name;

    public string? Missing => browser.Missing;

    public string Setting => setting;

    // Known once it has been started.
    public Task<string> ReadVersionAsync(CancellationToken cancellationToken) => Task.FromResult(_version);

    public async Task<ClientReaction> ConnectAsync(ClientVisit visit, CancellationToken cancellationToken)
    {
        var seen = await browser.VisitAsync(visit.Page, visit.RootFile, cancellationToken).ConfigureAwait(false);
        _version = seen.Browser;
        return new ClientReaction(
            seen.Error is null ? ClientOutcome.Connects : ClientOutcome.Refuses,
            seen.Error ?? "loads",
            seen.Picture
        );
    }
}

/// <summary>Cuts what clients say to what matters.</summary>
internal static class ClientText
{
    public static string After(string text, string mark)
    {
        var line = FirstLine(text);
        var at = line.IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? line : line[(at + mark.Length)..];
    }

    public static string FirstLine(string text) =>
        text.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0) ?? "";
}
