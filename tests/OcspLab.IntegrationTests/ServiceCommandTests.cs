using Microsoft.Extensions.Diagnostics.HealthChecks;
using OcspLab.Lab.Health;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary><c>ocsplab dns</c> and <c>ocsplab responder service</c>, as an orchestrator runs them.</summary>
public sealed class ServiceCommandTests
{
    [Fact]
    public async Task The_name_server_serves_what_its_settings_say_until_it_is_told_to_end()
    {
        var port = FreePort.Find();
        await using var server = new RunningProgram(
            "dotnet",
            Programs.Cli,
            "dns",
            $"Dns:Port={port}",
            "Dns:Zones=shop.test",
            "Dns:Names=shop.test"
        );
        var check = new DnsHealthCheck(port, "shop.test");
        await Poll.UntilAsync(
            async () =>
                (await check.CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken)).Status
                == HealthStatus.Healthy,
            "the name server knows shop.test"
        );
        server.Interrupt();
        Assert.Equal(0, await server.WaitAsync());
    }

    [Theory]
    [InlineData("dns", "--port")]
    [InlineData("dns", "5533")]
    [InlineData("responder", "service", "nonsense")]
    [InlineData("responder", "--ndays", "x")]
    public async Task What_is_no_setting_is_refused(params string[] command)
    {
        var run = await Programs.OcspLabAsync(command);
        Assert.Equal(64, run.ExitCode);
        Assert.Contains($"'{command[^1]}'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_responder_without_an_authority_says_what_is_missing()
    {
        using var folder = new TempFolder();
        var run = await Programs.OcspLabAsync(
            "responder",
            "service",
            "Responder:Port=0",
            "Responder:AdminPort=0",
            $"Responder:AdminTokenFile={folder["token"]}"
        );
        Assert.Equal(78, run.ExitCode);
        Assert.Contains("Authorities", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "Responder:Validity=abc", "Validity")]
    [InlineData("""{ "Responder": { "Authorities": { "ca": { "IssuerCertificate": "none.pem" } } } }""", "A:b=c", "ca")]
    [InlineData("not JSON", "A:b=c", "settings.json")]
    public async Task What_is_no_value_is_told_as_such_also_of_a_file(string json, string setting, string named)
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["settings.json"], json, TestContext.Current.CancellationToken);
        var run = await Programs.OcspLabAsync(
            "responder",
            "service",
            "--config",
            folder["settings.json"],
            setting,
            $"Responder:AdminTokenFile={folder["token"]}"
        );
        Assert.Equal(78, run.ExitCode);
        Assert.Contains(named, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("should not have happened", run.Error, StringComparison.Ordinal);
    }
}
