using System.Net;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.Lab.Tests;

public sealed class LabTopologyTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(LabTopology.Dns)]
    [InlineData(LabTopology.Responder)]
    [InlineData(LabTopology.Kestrel)]
    [InlineData(LabTopology.KestrelBuiltIn)]
    public void Every_service_has_settings_before_there_are_certificates(string service) =>
        Assert.NotEmpty(new LabTopology { Directory = _folder.Path }.SettingsOf(service));

    [Fact]
    public void No_two_ports_are_the_same() => Assert.Distinct(new LabPorts().All.Select(port => port.Number));

    [Fact]
    public void A_folder_has_one_lab_at_a_time()
    {
        var topology = new LabTopology
        {
            Directory = _folder.Path,
            Ports = new LabPorts { Nginx = 4711 },
        };
        Assert.Null(LabState.FindRunning(_folder.Path));
        using (LabState.Claim(topology))
        {
            Assert.Equal(topology.Ports, LabState.FindRunning(_folder.Path)?.Ports);
            Assert.Contains(
                "Another lab",
                Assert.Throws<LabException>(() => LabState.Claim(topology)).Message,
                StringComparison.Ordinal
            );
        }

        Assert.Null(LabState.FindRunning(_folder.Path));
        Assert.Equal(4711, LabState.FindLast(_folder.Path)?.Ports.Nginx);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_said_so()
    {
        File.WriteAllText(_folder["file"], "");
        var exception = Assert.Throws<LabException>(() =>
            LabState.Claim(new LabTopology { Directory = _folder["file/lab"] })
        );
        Assert.Equal(LabFailure.CannotCreate, exception.Failure);
        Assert.Contains(_folder["file/lab"], exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "127.0.0.1", "Present")]
    [InlineData("10.89.0.1", "127.0.0.1,10.89.0.1", "Free")]
    [InlineData("0.0.0.0", "0.0.0.0", "Free")]
    public void Beyond_loopback_only_what_a_container_asks_listens_and_only_for_it(
        string? gateway,
        string address,
        string binding
    )
    {
        var topology = new LabTopology
        {
            Directory = _folder.Path,
            ContainerGateway = gateway is null ? null : IPAddress.Parse(gateway),
        };
        Assert.Equal(
            (address, binding),
            (topology.SettingsOf(LabTopology.Dns)["Dns:Address"], topology.SettingsOf(LabTopology.Dns)["Dns:Binding"])
        );
        Assert.Equal(
            (address, binding),
            (
                topology.SettingsOf(LabTopology.Responder)["Responder:Address"],
                topology.SettingsOf(LabTopology.Responder)["Responder:Binding"]
            )
        );
        Assert.All((string[])[LabTopology.Kestrel, LabTopology.KestrelBuiltIn], site =>
            Assert.StartsWith(
                "https://127.0.0.1:",
                topology.SettingsOf(site)["Kestrel:Endpoints:Https:Url"],
                StringComparison.Ordinal
            )
        );
    }
}
