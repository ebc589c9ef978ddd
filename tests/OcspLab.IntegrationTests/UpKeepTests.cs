using System.Net;
using OcspLab.Lab.Nginx;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary><c>ocsplab up --keep</c>: a second nginx, with the staples of <c>keep</c>.</summary>
public sealed class UpKeepTests : UpBench
{
    [Fact]
    public async Task One_nginx_goes_on_with_good_and_the_other_tells_of_the_revocation_and_both_come_again()
    {
        await using var lab = await UpAsync();
        Assert.Contains("nginx-kept", lab.Output, StringComparison.Ordinal);
        Assert.Equal(0, await InspectAsync(Ports.NginxKept));
        using var client = new HttpClient();
        var health = new Uri($"http://127.0.0.1:{Ports.Keep}/health");
        Assert.Equal(
            HttpStatusCode.OK,
            (await client.GetAsync(health, TestContext.Current.CancellationToken)).StatusCode
        );

        Assert.Equal(0, (await OcspLabAsync("pki", "revoke", "echo")).ExitCode);
        await Poll.UntilAsync(async () => await InspectAsync(Ports.NginxKept) == 1, "nginx-kept tells of it", 60);
        Assert.Equal(0, await InspectAsync(Ports.Nginx));
        await Poll.UntilAsync(
            () => lab.Error.Contains("keep: degraded, echo: revoked", StringComparison.Ordinal),
            "the lab says what keep says",
            60
        );

        var process = NginxLeftover.FindProcess(Folder["nginx-kept"]);
        Assert.Equal(0, (await Tool.RunAsync("kill", "-TERM", $"{process}")).ExitCode);
        await Poll.UntilAsync(
            () => lab.Error.Contains("nginx-kept ended", StringComparison.Ordinal),
            "its end is told",
            60
        );
        // With its staple from the first handshake on.
        await Poll.UntilAsync(async () => await InspectAsync(Ports.NginxKept) is var code && code != 69, "it is back");
        Assert.Equal(1, await InspectAsync(Ports.NginxKept));
        lab.Interrupt();
        Assert.Equal(0, await lab.WaitAsync());
        Assert.Null(NginxLeftover.FindProcess(Folder["nginx-kept"]));
    }

    [Fact]
    public async Task With_the_responder_down_an_nginx_that_is_restarted_staples_from_its_first_handshake()
    {
        await using var lab = await UpAsync();
        Assert.Equal(0, (await OcspLabAsync("responder", "stop")).ExitCode);
        Assert.Equal(0, (await OcspLabAsync("nginx", "restart", "--kept")).ExitCode);
        Assert.Equal(0, await InspectAsync(Ports.NginxKept));
        // The other one has forgotten.
        Assert.Equal(0, (await OcspLabAsync("nginx", "restart")).ExitCode);
        Assert.Equal(4, await InspectAsync(Ports.Nginx));
        Assert.Equal(4, await InspectAsync(Ports.Nginx));
    }

    [Fact]
    public async Task Its_ports_are_asked_for_only_where_it_is()
    {
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Loopback, Ports.Keep);
        taken.Start();
        string[] arguments = [.. Arguments(), "--for", "00:00:00.1"];
        var with = await Programs.OcspLabAsync([.. arguments, .. Programs.KeepOptions(Ports)]);
        Assert.Equal(69, with.ExitCode);
        Assert.Contains($"Port {Ports.Keep} of 'keep' is in use", with.Error, StringComparison.Ordinal);
        Assert.Contains("--keep-port", with.Error, StringComparison.Ordinal);
        var without = await Programs.OcspLabAsync([.. arguments, "--nginx", "off"]);
        Assert.True(without.ExitCode == 0, without.Error);
    }

    private async Task<RunningProgram> UpAsync()
    {
        var lab = new RunningProgram([
            "dotnet",
            Programs.Cli,
            .. QuickArguments(),
            "--nginx",
            "process",
            .. Programs.KeepOptions(Ports),
        ]);
        await Programs.ReadyAsync(lab);
        return lab;
    }

    private Task<ToolResult> OcspLabAsync(params string[] arguments) =>
        Programs.OcspLabAsync([.. arguments, "--lab", Folder.Path]);

    private static async Task<int> InspectAsync(int port) =>
        (await Programs.OcspLabAsync("inspect", $"127.0.0.1:{port}", "--servername", "echocert.lab")).ExitCode;
}
