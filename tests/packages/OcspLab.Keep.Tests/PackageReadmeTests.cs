using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OcspLab.Keep.Settings;
using OcspLab.Ocsp.Responses;
using OcspLab.Testing;

namespace OcspLab.Keep.Tests;

/// <summary>The code of the package's README: compiled here, and run.</summary>
public sealed class PackageReadmeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Its_code_is_what_is_compiled_here() =>
        ReadmeCode.AssertIsIn("PackageReadmeTests.cs.txt", blocks: 1, part =>
            part.Replace("\"/etc/shop/fullchain.pem\"", "_folder[\"fullchain.pem\"]", StringComparison.Ordinal)
                .Replace("\"/var/lib/shop/staple.der\"", "_folder[\"staple.der\"]", StringComparison.Ordinal)
                .Replace("RunAsync()", "RunAsync(stop.Token)", StringComparison.Ordinal)
        );

    [Fact]
    public async Task A_host_of_ones_own_keeps_a_staple_in_a_file()
    {
        var now = TimeProvider.System.GetUtcNow();
        var authority = new TestAuthority();
        await using var responder = await ScriptedServer.StartAsync();
        using var certificate = authority.Server(responder.Url, now.AddDays(-1), now.AddDays(1));
        responder.Script = ScriptedServer.Send(() => authority.Respond(certificate, CertStatus.Good, now));
        await File.WriteAllTextAsync(
            _folder["fullchain.pem"],
            certificate.ExportCertificatePem() + "\n" + authority.Certificate.ExportCertificatePem(),
            TestContext.Current.CancellationToken
        );
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        string[] args = [$"--OcspStapling:StorageDirectory={_folder["state"]}"];
        var running = KeepAsync();
        await Poll.UntilAsync(() => File.Exists(_folder["staple.der"]), "the staple");
        await stop.CancelAsync();
        await running;

        async Task KeepAsync()
        {
            var builder = Host.CreateApplicationBuilder(args);
            builder
                .Services.AddOcspKeep(builder.Configuration)
                .Configure(keep =>
                    keep.Certificates["shop"] = new KeptCertificateOptions
                    {
                        Certificate = _folder["fullchain.pem"],
                        StapleFile = _folder["staple.der"],
                    }
                );
            await builder.Build().RunAsync(stop.Token);
        }
    }

    public void Dispose() => _folder.Dispose();
}
