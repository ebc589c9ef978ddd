using OcspLab.Lab.Topology;
using OcspLab.Probe;
using OcspLab.Testing;

namespace OcspLab.Aspire.Hosting.Tests;

/// <summary>How a lab under the orchestrator ends.</summary>
[Trait("Ring", "program")]
public sealed class LabEndTests
{
    [Fact]
    public async Task Nothing_of_it_is_left_and_a_second_start_finds_what_it_needs()
    {
        using var folder = new TempFolder();
        var topology = LabFixture.NewTopology(folder.Path);
        var root = "";
        for (var start = 1; start <= 2; start++)
        {
            await using (await LabFixture.StartAsync(topology))
            {
                var pki = topology.CreatePki(TimeProvider.System);
                foreach (var port in (int[])[topology.Ports.Kestrel, topology.Ports.Nginx])
                    await Handshakes.ExpectAsync(
                        port,
                        LabTopology.SiteHost,
                        pki.Root.Certificate,
                        StapleVerdictKind.Good
                    );
                var now = await File.ReadAllTextAsync(pki.Root.Certificate, TestContext.Current.CancellationToken);
                Assert.True(root.Length == 0 || root == now, "The root is another one.");
                root = now;
            }

            Assert.Null(LabState.FindRunning(topology.Directory));
            foreach (var port in topology.Ports.All)
                await Poll.UntilAsync(() => PortCheck.Refusal(port) is null, $"port {port.Number} is free");
        }
    }
}
