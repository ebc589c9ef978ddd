using OcspLab.Lab.Hosting;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Tests;

public sealed class LabBoardTests
{
    private readonly LabBoard _board = new();
    private readonly List<LabResource> _changes = [];

    public LabBoardTests() => _board.Changed += _changes.Add;

    [Fact]
    public void Every_part_waits_in_the_order_of_the_start()
    {
        Assert.Equal(
            ["pki", "dns", "responder", "kestrel", "kestrel-builtin", "nginx"],
            _board.Resources.Select(resource => resource.Name)
        );
        Assert.All(_board.Resources, resource => Assert.Equal(LabResourceState.Waiting, resource.State));
    }

    [Fact]
    public void A_change_is_told_once()
    {
        _board.Set(LabTopology.Dns, LabResourceState.Ready, "well");
        _board.Set(LabTopology.Dns, LabResourceState.Ready, "well");
        Assert.Equal(LabResourceState.Ready, Assert.Single(_changes).State);
    }

    [Fact]
    public void What_a_part_is_stays_when_its_state_changes()
    {
        _board.Set(
            new LabResource(LabTopology.Nginx, "https://127.0.0.1:8443", LabResourceState.Starting, "", "unpacked")
        );
        _board.Set(LabTopology.Nginx, LabResourceState.Degraded, "not stapled");
        Assert.Equal("not stapled; unpacked", _board[LabTopology.Nginx].Description);
        Assert.Equal("https://127.0.0.1:8443", _board[LabTopology.Nginx].Address);
    }
}
