using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>OpenSSL 3.5 and this project, each as the other's responder, over ML-DSA and SLH-DSA.</summary>
public sealed class PostQuantumClientsTests
{
    [Theory]
    [InlineData("ML-DSA-44")]
    [InlineData("ML-DSA-65")]
    [InlineData("ML-DSA-87")]
    [InlineData("SLH-DSA-SHA2-128f")]
    [InlineData("SLH-DSA-SHAKE-128f")]
    public async Task OpenSSL_believes_what_ocsplab_responder_signs_and_ocsplab_verify_what_openssl_signs(string key)
    {
        var openssl = await RequireAsync();
        var port = FreePort.Find();
        using var authority = new OpenSslAuthority($"http://127.0.0.1:{port}", openssl, key);
        await authority.CreateAsync();
        await authority.RevokeAsync("bad", "superseded");

        await using (await authority.RespondAsync(port, "--index", "index.txt"))
        {
            foreach (var (name, status) in ((string, string)[])[("good", "good"), ("bad", "revoked")])
            {
                var asked = await Tool.RunInAsync(
                    authority.Folder.Path,
                    openssl,
                    ["ocsp", .. About(name), "-url", $"http://127.0.0.1:{port}", "-CAfile", "ca.pem"]
                );
                Assert.Contains("Response verify OK", asked.Error, StringComparison.Ordinal);
                Assert.Contains($"{name}.pem: {status}", asked.Output, StringComparison.Ordinal);
            }
        }

        await authority.OpenSslAsync("ocsp -issuer ca.pem -cert good.pem -no_nonce -reqout request.der");
        await authority.OpenSslAsync(
            "ocsp -index index.txt -CA ca.pem -rsigner ocsp.pem -rkey ocsp.key -ndays 1 -reqin request.der -respout "
                + "response.der"
        );
        var judged = await Tool.RunAsync(
            "dotnet",
            Programs.Cli,
            "verify",
            "--response",
            authority.Folder["response.der"],
            "--issuer",
            authority.Folder["ca.pem"],
            "--cert",
            authority.Folder["good.pem"]
        );
        Assert.True(judged.ExitCode == 0, judged.Output + judged.Error);
        Assert.Contains("good", judged.Output, StringComparison.Ordinal);

        static string[] About(string name) => ["-issuer", "ca.pem", "-cert", $"{name}.pem"];
    }

    /// <summary>One that knows ML-DSA: the system's, or a newer one beside it by the name of openssl-3.5.</summary>
    private static async Task<string> RequireAsync()
    {
        foreach (var program in (string[])["openssl", "openssl-3.5"])
        {
            if (
                Tool.Find(program) is not null
                && (await Tool.RunAsync(program, "list", "-signature-algorithms")).Output.Contains(
                    "ML-DSA-44",
                    StringComparison.OrdinalIgnoreCase
                )
            )
                return program;
        }

        Assert.Skip("neither openssl nor openssl-3.5 is one of 3.5 or newer");
        return "";
    }
}
