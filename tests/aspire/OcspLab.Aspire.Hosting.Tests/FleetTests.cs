using Aspire.Hosting;
using OcspLab.Aspire.Hosting.Stapling;
using OcspLab.Lab.Fleets;
using OcspLab.Lab.Topology;
using OcspLab.Probe;
using OcspLab.Testing;

namespace OcspLab.Aspire.Hosting.Tests;

/// <summary>The lab with a fleet under the real orchestrator.</summary>
[Trait("Ring", "program")]
public sealed class FleetTests
{
    [Fact]
    public async Task Its_sites_staple_and_a_revocation_by_the_labs_responder_reaches_all_of_them()
    {
        Assert.SkipWhen(FleetPrograms.Missing is not null, FleetPrograms.Missing ?? "");
        using var folder = new TempFolder();
        var topology = LabFixture.NewTopology(folder.Path);
        topology = topology with { Fleet = 2, Ports = topology.Ports with { Fleet = FreeRange(10) } };
        await using (
            var application = await LabFixture.StartAsync(
                topology,
                "--fleet",
                $"{topology.Fleet}",
                "--fleet-port",
                $"{topology.Ports.Fleet}"
            )
        )
        {
            using var timer = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            foreach (var (name, _) in topology.FleetSites)
                await application.ResourceNotifications.WaitForResourceHealthyAsync(name, timer.Token);
            var revoked = await application.ResourceCommands.ExecuteCommandAsync(
                LabTopology.Responder,
                ResponderCommands.Revoke,
                new InteractionInputCollection([
                    new InteractionInput
                    {
                        Name = ResponderCommands.Certificate,
                        InputType = InputType.Text,
                        Value = LabTopology.SiteCertificate,
                    },
                ]),
                timer.Token
            );
            Assert.True(revoked.Success, revoked.Message);
            var root = topology.CreatePki(TimeProvider.System).Root.Certificate;
            foreach (var (_, port) in topology.FleetSites)
                await Handshakes.ExpectAsync(port, LabTopology.SiteHost, root, StapleVerdictKind.Revoked);
        }

        foreach (var port in topology.FleetPorts!.All)
            await Poll.UntilAsync(
                () => PortCheck.Refusal(new LabPort("fleet", port, "--fleet-port")) is null,
                $"port {port} is free"
            );
    }

    private static int FreeRange(int count)
    {
        while (true)
        {
            var ports = FreePort.Find(count);
            if (ports[^1] - ports[0] == ports.Length - 1)
                return ports[0];
        }
    }
}
