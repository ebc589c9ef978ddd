using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OcspLab.Lab.Health;
using OcspLab.Lab.Hosting;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.Lab.Tests;

public sealed class EmbeddedLabTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(LabTopology.Dns)]
    [InlineData(LabTopology.Responder)]
    [InlineData(LabTopology.Kestrel)]
    public async Task A_port_that_is_taken_after_it_was_looked_at_is_named_as_one_taken_before(string resource)
    {
        var topology = Topology();
        var port = topology.Ports.All.First(port => port.Resource == resource);
        using var other = new TcpListener(IPAddress.Loopback, port.Number);
        var board = new LabBoard();
        board.Changed += changed =>
        {
            if (changed is { State: LabResourceState.Starting } && changed.Name == resource)
                other.Start();
        };
        var exception = await Assert.ThrowsAsync<LabException>(() =>
            EmbeddedLab.StartAsync(topology, TimeProvider.System, board, TestContext.Current.CancellationToken)
        );
        Assert.StartsWith(
            $"Port {port.Number} of '{resource}' is in use.",
            exception.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(LabFailure.Unavailable, exception.Failure);
    }

    [Fact, Trait("Ring", "slow")]
    public async Task Health_knows_its_own_server_and_not_just_any_good_staple()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var topology = Topology();
        await using var lab = await EmbeddedLab.StartAsync(
            topology,
            TimeProvider.System,
            new LabBoard(),
            cancellationToken
        );
        var own = LabHealth.CheckOf(topology, LabTopology.Kestrel, TimeProvider.System)!;
        var healthy = await own.CheckHealthAsync(new HealthCheckContext(), cancellationToken);
        Assert.Equal((HealthStatus.Healthy, "stapled good"), (healthy.Status, healthy.Description));
        var stranger = new StapleHealthCheck(
            LabTopology.SiteHost,
            topology.Ports.Kestrel,
            () => "01",
            TimeProvider.System
        );
        var found = await stranger.CheckHealthAsync(new HealthCheckContext(), cancellationToken);
        Assert.Equal(HealthStatus.Unhealthy, found.Status);
        Assert.StartsWith(
            $"another server listens on port {topology.Ports.Kestrel}",
            found.Description,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_authority_that_OpenSSL_does_not_know_is_refused_before_a_server_starts()
    {
        Assert.SkipWhen(System.Security.Cryptography.MLDsa.IsSupported, "this machine's OpenSSL knows ML-DSA");
        var topology = Topology() with { AuthorityKeyAlgorithm = Pki.KeyAlgorithm.MLDsa44 };
        var exception = await Assert.ThrowsAsync<LabException>(() =>
            EmbeddedLab.StartAsync(topology, TimeProvider.System, new LabBoard(), TestContext.Current.CancellationToken)
        );
        Assert.StartsWith("The authorities have ML-DSA-44 keys", exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(topology.PkiDirectory));
    }

    private LabTopology Topology()
    {
        var ports = FreePort.Find(6);
        return new LabTopology
        {
            Directory = _folder.Path,
            NginxSource = NginxSource.Off,
            KeyAlgorithm = Pki.KeyAlgorithm.Ecdsa,
            Ports = new LabPorts
            {
                Dns = ports[0],
                Responder = ports[1],
                ResponderAdmin = ports[2],
                Nginx = ports[3],
                Kestrel = ports[4],
                KestrelBuiltIn = ports[5],
            },
        };
    }
}
