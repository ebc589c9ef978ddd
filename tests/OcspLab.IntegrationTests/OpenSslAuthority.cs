using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>
/// An authority of <c>openssl ca</c> with its index.txt: a delegate for OCSP, and the certificates <c>good</c> and
/// <c>bad</c>.
/// </summary>
/// <param name="responder">The URL that its certificates name.</param>
/// <param name="program">Which openssl.</param>
/// <param name="key">What keys are made, as <c>openssl req</c> is told it.</param>
internal sealed class OpenSslAuthority(
    string responder,
    string program = "openssl",
    string key = "ec -pkeyopt ec_paramgen_curve:P-256"
) : IDisposable
{
    public TempFolder Folder { get; } = new();

    public async Task CreateAsync()
    {
        await File.WriteAllTextAsync(
            Folder["ca.cnf"],
            $"""
            [ca]
            default_ca = lab
            [lab]
            database = {Folder["index.txt"]}
            serial = {Folder["serial"]}
            crlnumber = {Folder["crlnumber"]}
            new_certs_dir = {Folder.Path}
            default_md = default
            default_days = 30
            default_crl_days = 7
            policy = any
            [any]
            commonName = supplied
            [ocsp]
            extendedKeyUsage = OCSPSigning
            keyUsage = digitalSignature
            1.3.6.1.5.5.7.48.1.5 = DER:0500
            [site]
            authorityInfoAccess = OCSP;URI:{responder}
            """,
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(Folder["index.txt"], "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Folder["serial"], "8000", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Folder["crlnumber"], "01", TestContext.Current.CancellationToken);
        await OpenSslAsync(
            $"req -x509 -newkey {key} -nodes -keyout ca.key -out ca.pem -subj "
                + "/CN=Drop-in_CA -days 60 -addext keyUsage=critical,keyCertSign,cRLSign"
        );
        await IssueAsync("ocsp", "ocsp");
        await IssueAsync("good", "site");
        await IssueAsync("bad", "site");
    }

    public async Task IssueAsync(string name, string extensions)
    {
        await OpenSslAsync($"req -new -newkey {key} -nodes -keyout {name}.key -out {name}.csr -subj " + $"/CN={name}");
        await OpenSslAsync(
            $"ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in {name}.csr -out {name}.pem "
                + $"-extensions {extensions}"
        );
    }

    public Task RevokeAsync(string name, string reason) =>
        OpenSslAsync($"ca -config ca.cnf -cert ca.pem -keyfile ca.key -revoke {name}.pem -crl_reason {reason}");

    /// <summary>Runs openssl in the authority's folder.</summary>
    /// <param name="arguments">Separated by blanks.</param>
    public async Task OpenSslAsync(string arguments)
    {
        var result = await Tool.RunInAsync(
            Folder.Path,
            program,
            arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        );
        Assert.True(result.ExitCode == 0, result.Error);
    }

    /// <summary>Starts <c>ocsplab responder</c> over its files, and waits until it listens.</summary>
    /// <param name="port">Where.</param>
    /// <param name="kind">What the statuses are in: <c>--index</c> or <c>--crl</c>.</param>
    /// <param name="source">That file.</param>
    /// <param name="key">The file of the delegate's key.</param>
    /// <param name="more">Further arguments.</param>
    /// <param name="openFiles">How many files the process may open, where that is limited.</param>
    public async Task<RunningProgram> RespondAsync(
        int port,
        string kind,
        string source,
        string key = "ocsp.key",
        string[]? more = null,
        int? openFiles = null
    )
    {
        string[] command =
        [
            "dotnet",
            Programs.Cli,
            "responder",
            kind,
            Folder[source],
            "--ca",
            Folder["ca.pem"],
            "--rsigner",
            Folder["ocsp.pem"],
            "--rkey",
            Folder[key],
            "--port",
            $"{port}",
            .. more ?? [],
        ];
        var program = new RunningProgram(
            openFiles is null ? command : ["bash", "-c", $"ulimit -n {openFiles} && exec \"$@\"", "bash", .. command]
        );
        await Poll.UntilAsync(
            () => program.HasExited || program.Output.Contains("listening on", StringComparison.Ordinal),
            "the responder listens"
        );
        Assert.False(program.HasExited, program.Output + program.Error);
        return program;
    }

    public void Dispose() => Folder.Dispose();
}
