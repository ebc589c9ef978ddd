using OcspLab.Ocsp.Requests;
using OcspLab.Testing.Forge;

namespace OcspLab.Testing.Conformance;

/// <summary>A second opinion: <c>openssl ocsp</c> on the same bytes.</summary>
public static class OpenSslJudge
{
    /// <returns><c>good</c>, <c>revoked</c>, <c>unknown</c> or <c>rejected</c>, and all that openssl said.</returns>
    public static async Task<(string Verdict, string Output)> JudgeAsync(ConformanceCase item)
    {
        using var folder = new TempFolder();
        var issuer = item.Issuer ?? ConformanceTable.Pki.Issuer;
        var server = item.Server ?? ConformanceTable.Pki.Server;
        await File.WriteAllBytesAsync(folder["response.der"], item.Response);
        await File.WriteAllTextAsync(folder["issuer.pem"], issuer.Certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(folder["server.pem"], server.Certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(folder["root.pem"], ConformanceTable.Pki.Root.Certificate.ExportCertificatePem());

        string[] question = item.Policy.Nonce is null
            ? ["-no_nonce", .. item.OpenSslArguments, "-cert", folder["server.pem"]]
            : ["-reqin", await RequestAsync(item, issuer, folder), "-resp_text"];
        var result = await Tool.RunAsync(
            "openssl",
            [
                "ocsp",
                "-respin",
                folder["response.der"],
                "-CAfile",
                folder["root.pem"],
                "-issuer",
                folder["issuer.pem"],
                .. question,
            ]
        );
        return (
            Verdict(result, item.Policy.Nonce is null ? folder["server.pem"] + ": " : "Cert Status: "),
            result.Output + result.Error
        );
    }

    /// <summary>Its release.</summary>
    public static async Task<Version> ReadVersionAsync() =>
        Version.Parse((await Tool.RunAsync("openssl", "version")).Output.Split(' ')[1].Split('-')[0]);

    // It compares nonces only with a request that it reads, and then asks for no certificate's status itself.
    private static async Task<string> RequestAsync(ConformanceCase item, ForgedCertificate issuer, TempFolder folder)
    {
        var subject = OcspSubject.FromCertificate(ConformanceTable.Pki.Server.Certificate, issuer.Certificate);
        await File.WriteAllBytesAsync(
            folder["request.der"],
            new OcspRequest { CertIds = [subject.ToCertId(CertIdHash.Sha1)], Nonce = item.Policy.Nonce }.Encode()
        );
        return folder["request.der"];
    }

    private static string Verdict(ToolResult result, string prefix)
    {
        var lines = (result.Output + result.Error).Split('\n', StringSplitOptions.TrimEntries);
        if (
            result.ExitCode != 0
            || !lines.Contains("Response verify OK")
            || lines.Contains("WARNING: Status times invalid.")
        )
            return "rejected";
        return lines.FirstOrDefault(line => line.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..] switch
        {
            "good" => "good",
            "revoked" => "revoked",
            "unknown" => "unknown",
            _ => "rejected",
        };
    }
}
