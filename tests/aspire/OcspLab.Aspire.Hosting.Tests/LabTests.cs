using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using OcspLab.Aspire.Hosting.Stapling;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Probe;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Faults;
using OcspLab.Testing;

namespace OcspLab.Aspire.Hosting.Tests;

/// <summary>The lab under the real orchestrator; nginx is a process.</summary>
[Trait("Ring", "program")]
public sealed class LabTests(LabFixture lab) : IClassFixture<LabFixture>
{
    [Theory]
    [InlineData(LabTopology.Kestrel)]
    [InlineData(LabTopology.KestrelBuiltIn)]
    [InlineData(LabTopology.Nginx)]
    public async Task Every_server_staples_good_with_a_chain_that_its_clients_trust(string server)
    {
        await HealAsync();
        await ExpectAsync(server, StapleVerdictKind.Good);
        var report = await Handshakes.ShakeAsync(lab.PortOf(server), LabTopology.SiteHost, lab.Root);
        Assert.True(report.IsTrustChecked);
        Assert.True(report.IsForName);
        Assert.Equal(2, report.Chain.Count(certificate => certificate.Issuer != certificate.Subject));
        Assert.Contains("localhost", report.Chain[0].Names);
    }

    [Fact]
    public async Task The_console_is_a_resource_whose_link_lets_a_browser_in()
    {
        var running = await lab.Application.ResourceNotifications.WaitForResourceAsync(
            LabTopology.Console,
            known => known.Snapshot.Urls.Any(url => url.Url.Contains("token=", StringComparison.Ordinal)),
            TestContext.Current.CancellationToken
        );
        var address = running.Snapshot.Urls.First(url => url.Url.Contains("token=", StringComparison.Ordinal)).Url;
        using var client = new HttpClient();
        await Poll.UntilAsync(
            async () =>
            {
                try
                {
                    using var login = await client.GetAsync(new Uri(address), TestContext.Current.CancellationToken);
                    return login.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "the console lets it in",
            60
        );
        using var page = await client.GetAsync(new Uri(address), TestContext.Current.CancellationToken);
        // It has the cookie now, and is told where the page is.
        var path = Assert.Single(page.Headers.GetValues("Refresh")).Split("url=")[1];
        Assert.Contains(
            "OCSP stapling, live",
            await client.GetStringAsync(new Uri(new Uri(address), path), TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_revocation_by_command_is_seen_by_a_handshake_and_so_is_its_end()
    {
        await HealAsync();
        var echo = (ResponderCommands.Certificate, LabTopology.SiteCertificate);
        Assert.Equal("echo is revoked", await RunAsync(ResponderCommands.Revoke, echo));
        await ExpectAsync(LabTopology.Kestrel, StapleVerdictKind.Revoked);
        Assert.Equal("echo is good", await RunAsync(ResponderCommands.Restore, echo));
        await ExpectAsync(LabTopology.Kestrel, StapleVerdictKind.Good);
    }

    [Fact]
    public async Task Every_choice_of_misbehaviour_is_one_and_heals()
    {
        using var admin = new ResponderAdminClient(lab.Topology.AdminUrl, AdminToken.Load(lab.Topology.AdminTokenFile));
        var cancellationToken = TestContext.Current.CancellationToken;
        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            await RunAsync(ResponderCommands.Misbehave, (ResponderCommands.Fault, LabCommands.FaultName(kind)));
            Assert.Equal(kind, Assert.Single(await admin.ListFaultsAsync(cancellationToken)).Kind);
            await HealAsync();
        }

        await RunAsync(ResponderCommands.Misbehave, (ResponderCommands.Fault, ResponderCommands.ClosedPort));
        Assert.Equal(PortState.Stopped, (await admin.GetListenerAsync(cancellationToken)).State);
        await HealAsync();
        Assert.Empty(await admin.ListFaultsAsync(cancellationToken));
        Assert.NotEqual(PortState.Stopped, (await admin.GetListenerAsync(cancellationToken)).State);
    }

    [Fact]
    public async Task What_is_no_choice_is_refused()
    {
        await FailAsync(ResponderCommands.Revoke, (ResponderCommands.Certificate, "nobody"));
        await FailAsync(ResponderCommands.Misbehave, (ResponderCommands.Fault, "nonsense"));
    }

    [Fact]
    public async Task The_signer_is_renewed_and_the_new_one_signs_what_is_stapled_next()
    {
        await HealAsync();
        await ExpectAsync(LabTopology.Kestrel, StapleVerdictKind.Good);
        var former = await SignerAsync();
        await RunAsync(ResponderCommands.RenewSigner);
        await Testing.Poll.UntilAsync(
            async () =>
            {
                var refreshed = await lab.Application.ResourceCommands.ExecuteCommandAsync(
                    LabTopology.Kestrel,
                    "refresh-staples",
                    TestContext.Current.CancellationToken
                );
                Assert.True(refreshed.Success, refreshed.Message);
                return await SignerAsync() != former;
            },
            "another key has signed",
            60
        );
        await ExpectAsync(LabTopology.Kestrel, StapleVerdictKind.Good);

        async Task<string?> SignerAsync() =>
            (await Handshakes.ShakeAsync(lab.Topology.Ports.Kestrel, LabTopology.SiteHost, lab.Root))
                .Staple
                .ResponderId;
    }

    [Fact]
    public async Task Nginx_is_restarted_by_Aspires_own_command_and_staples_again()
    {
        await HealAsync();
        await ExpectAsync(LabTopology.Nginx, StapleVerdictKind.Good);
        var former = NginxLeftover.FindProcess(lab.Topology.NginxDirectory);
        Assert.NotNull(former);
        var restarted = await lab.Application.ResourceCommands.ExecuteCommandAsync(
            LabTopology.Nginx,
            KnownResourceCommands.RestartCommand,
            TestContext.Current.CancellationToken
        );
        Assert.True(restarted.Success, restarted.Message);
        await Testing.Poll.UntilAsync(
            () => NginxLeftover.FindProcess(lab.Topology.NginxDirectory) is { } now && now != former,
            "another nginx runs"
        );
        await ExpectAsync(LabTopology.Nginx, StapleVerdictKind.Good);
    }

    [Fact]
    public async Task Every_resource_writes_a_log_and_nginx_says_in_it_what_it_does()
    {
        foreach (var name in (string[])[LabTopology.Pki, LabTopology.Dns, LabTopology.Responder, .. LabFixture.Servers])
            await Testing.Poll.UntilAsync(
                () => File.Exists(Path.Combine(lab.Topology.LogDirectory, $"{name}.log")),
                $"{name}'s log is there"
            );
        await Testing.Poll.UntilAsync(
            () =>
                File.ReadAllText(Path.Combine(lab.Topology.LogDirectory, "nginx.log"))
                    .Contains("[notice]", StringComparison.Ordinal),
            "nginx's own lines are in its log"
        );
    }

    [Fact]
    public void Other_commands_find_the_lab_by_its_folder()
    {
        var found = LabState.FindRunning(lab.Topology.Directory);
        Assert.Equal(lab.Topology.Ports, found?.Ports);
        Assert.Equal(LabHost.Aspire, LabState.HostOf(lab.Topology.Directory));
    }

    private Task ExpectAsync(string server, StapleVerdictKind verdict) =>
        Handshakes.ExpectAsync(lab.PortOf(server), LabTopology.SiteHost, lab.Root, verdict);

    private Task<string> HealAsync() => RunAsync(ResponderCommands.Heal);

    private async Task<string> RunAsync(string command, params (string Name, string Value)[] arguments)
    {
        var result = await ExecuteAsync(command, arguments);
        Assert.True(result.Success, result.Message);
        return result.Message!;
    }

    private async Task FailAsync(string command, params (string Name, string Value)[] arguments)
    {
        var result = await ExecuteAsync(command, arguments);
        Assert.False(result.Success);
    }

    private Task<ExecuteCommandResult> ExecuteAsync(string command, (string Name, string Value)[] arguments) =>
        lab.Application.ResourceCommands.ExecuteCommandAsync(
            LabTopology.Responder,
            command,
            new InteractionInputCollection([
                .. arguments.Select(argument => new InteractionInput
                {
                    Name = argument.Name,
                    InputType = InputType.Text,
                    Value = argument.Value,
                }),
            ]),
            TestContext.Current.CancellationToken
        );
}
