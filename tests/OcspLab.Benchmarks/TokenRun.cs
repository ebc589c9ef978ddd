using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using OcspLab.Ocsp.Requests;

namespace OcspLab.Benchmarks;

/// <summary>
/// Responses signed one by one a second with the same RSA-2048 key, in a file and in a token of SoftHSM2: what PKCS#11
/// costs. By turns, each responder a process of its own.
/// </summary>
internal static class TokenRun
{
    public static async Task<bool> RunAsync()
    {
        using var bench = await BenchResponder.CreateAsync(FilePort, Certificates).ConfigureAwait(false);
        var uri = await ImportAsync(bench).ConfigureAwait(false);
        using var file = bench.Start();
        using var token = bench.Start(
            $"Port={TokenPort}",
            $"AdminPort={TokenPort + 1}",
            $"Authorities:intermediate:Signers:0:Key={uri}"
        );
        try
        {
            foreach (var port in (int[])[FilePort, TokenPort])
                await BenchResponder
                    .AskAsync(port, "/", new OcspRequest { CertIds = [bench.Ids[0]] }.Encode())
                    .ConfigureAwait(false);
            var live = new Wrk(
                bench.Folder,
                "live",
                "POST",
                bench.Ids.Select(id =>
                    Convert.ToHexString(
                        new OcspRequest { CertIds = [id], Nonce = RandomNumberGenerator.GetBytes(32) }.Encode()
                    )
                )
            );
            double inFile = 0,
                inToken = 0;
            foreach (var port in (int[])[FilePort, TokenPort])
                live.Measure(port, WarmUp);
            for (var round = 0; round < Rounds; round++)
            {
                inFile += live.Measure(FilePort, Length) / Rounds;
                inToken += live.Measure(TokenPort, Length) / Rounds;
            }

            Console.WriteLine("| RSA-2048 delegate, POST with a nonce | responses a second | ratio |");
            Console.WriteLine("|---|---|---|");
            Line("key in a file", inFile, "");
            Line("key in a token (SoftHSM2)", inToken, $"{inToken / inFile:0.00} (limit {LeastOfFile})");
            return inToken / inFile >= LeastOfFile;
        }
        finally
        {
            file.Kill(entireProcessTree: true);
            token.Kill(entireProcessTree: true);
        }

        static void Line(string what, double rate, string ratio) =>
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {rate:#,0} | {ratio} |"));
    }

    /// <summary>Puts the delegate's key into a token of its own.</summary>
    /// <returns>Its PKCS#11 URI.</returns>
    private static async Task<string> ImportAsync(BenchResponder bench)
    {
        var signer = bench.Topology.CreatePki(TimeProvider.System).OcspSigner;
        var configuration = Path.Combine(bench.Folder, "softhsm2.conf");
        var tokens = Directory.CreateDirectory(Path.Combine(bench.Folder, "tokens")).FullName;
        await File.WriteAllTextAsync(configuration, $"directories.tokendir = {tokens}\nlog.level = ERROR\n")
            .ConfigureAwait(false);
        // The responder's processes inherit it.
        Environment.SetEnvironmentVariable("SOFTHSM2_CONF", configuration);
        var key = Path.Combine(bench.Folder, "signer.pem");
        using (var rsa = RSA.Create())
        {
            var password = (await File.ReadAllLinesAsync(signer.Password).ConfigureAwait(false))[0];
            rsa.ImportFromEncryptedPem(await File.ReadAllTextAsync(signer.Key).ConfigureAwait(false), password);
            await File.WriteAllTextAsync(key, rsa.ExportPkcs8PrivateKeyPem()).ConfigureAwait(false);
        }

        var pin = Path.Combine(bench.Folder, "pin");
        await File.WriteAllTextAsync(pin, "12345678\n").ConfigureAwait(false);
        await SoftHsmAsync("--init-token", "--free", "--label", "bench", "--so-pin", "12345678", "--pin", "12345678")
            .ConfigureAwait(false);
        await SoftHsmAsync("--import", key, "--token", "bench", "--label", "signer", "--id", "01", "--pin", "12345678")
            .ConfigureAwait(false);
        return $"pkcs11:token=bench;object=signer?module-path={Module}&pin-source=file:{pin}";
    }

    private static async Task SoftHsmAsync(params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo("softhsm2-util", arguments) { RedirectStandardOutput = true }
        )!;
        await process.WaitForExitAsync().ConfigureAwait(false);
        if (process.ExitCode != 0)
            throw new BenchmarkException($"softhsm2-util ended with {process.ExitCode}.");
    }

    private const int FilePort = 8992;
    private const int TokenPort = 8993;
    private const int Certificates = 100;
    private static int Rounds => Effort.Of(3, quick: 1);
    private const double LeastOfFile = 0.4;
    private const string Module = "/usr/lib/softhsm/libsofthsm2.so";

    // Seconds.
    private static int WarmUp => Effort.Of(3, quick: 1);
    private static int Length => Effort.Of(5, quick: 1);
}
