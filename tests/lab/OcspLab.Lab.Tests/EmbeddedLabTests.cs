using System.Net;
using System.Net.Sockets;
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
