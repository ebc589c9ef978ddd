using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Probe;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>A certificate that is replaced while the server runs.</summary>
public sealed class HotReloadTests : SiteBench
{
    [Fact, Trait("Ring", "slow"), Trait("Rule", "S29")]
    public async Task The_first_handshake_with_the_new_certificate_is_stapled()
    {
        using var renewed = Authority.Server(Responder.Url);
        Responder.Script = async context =>
        {
            var asked = IsAbout(context, renewed) ? renewed : Certificate;
            await ScriptedServer.Send(() => Authority.Respond(asked))(context);
        };
        await WriteAsync(Certificate);
        await File.WriteAllTextAsync(
            Folder["issuer.pem"],
            Authority.Certificate.ExportCertificatePem(),
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(Folder["appsettings.json"], Settings(1), TestContext.Current.CancellationToken);
        await using var app = await StartAsync(
            builder =>
            {
                builder.Configuration.AddJsonFile(Folder["appsettings.json"], optional: false, reloadOnChange: true);
                builder.WebHost.UseOcspStapling();
            },
            useDefault: false
        );
        var port = PortOf(app);
        Assert.Equal((Certificate.SerialNumber, StapleVerdictKind.Good), await LookAsync(port));

        await WriteAsync(renewed);
        // Kestrel watches the file; touching the configuration as well makes it look now.
        await File.WriteAllTextAsync(Folder["appsettings.json"], Settings(2), TestContext.Current.CancellationToken);
        var first = default((string Serial, StapleVerdictKind Verdict));
        await Poll.UntilAsync(
            async () =>
            {
                try
                {
                    first = await LookAsync(port);
                    return first.Serial == renewed.SerialNumber;
                }
                catch (ProbeException)
                {
                    // The port is closed for the moment in which Kestrel opens it anew.
                    return false;
                }
            },
            "the new certificate"
        );
        Assert.Equal(StapleVerdictKind.Good, first.Verdict);

        // No handshake has used the old one for a while, and no endpoint has it: nobody asks about it any more.
        Clock.Pass(TimeSpan.FromMinutes(11));
        var status = app.Services.GetRequiredService<IStaplingStatus>();
        await Poll.UntilAsync(() => status.Staples.Any(staple => !staple.IsInUse), "the old certificate is let go");
        var retired = Assert.Single(status.Staples, staple => !staple.IsInUse);
        Assert.Equal(Certificate.SerialNumber, retired.SerialNumber, ignoreCase: true);
        Assert.Equal(StapleState.NotNeeded, StapleHealth.StateOf(retired, Clock.GetUtcNow()));
    }

    private string Settings(int version) =>
        $$"""
            {
              "Version": {{version}},
              "OcspStapling": { "Issuers": [ "{{Folder["issuer.pem"]}}" ] },
              "Kestrel": { "Endpoints": { "Https": { "Url": "https://127.0.0.1:{{_port}}", "Certificate": {
                "Path": "{{Folder["server.pem"]}}",
                "KeyPath": "{{Folder["server.key"]}}"
              } } } }
            }
            """;

    // An endpoint on port 0 would open another one each time.
    private readonly int _port = FreePort.Find();

    private async Task WriteAsync(X509Certificate2 certificate)
    {
        await File.WriteAllTextAsync(
            Folder["server.key"],
            certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(),
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            Folder["server.pem"],
            certificate.ExportCertificatePem(),
            TestContext.Current.CancellationToken
        );
    }
}
