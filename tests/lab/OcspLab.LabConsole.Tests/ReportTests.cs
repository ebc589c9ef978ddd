using System.Text.Json;
using OcspLab.LabConsole.Reporting;
using OcspLab.LabConsole.Telling;
using OcspLab.LabConsole.Watching;
using OcspLab.Lab.Timelines;

namespace OcspLab.LabConsole.Tests;

/// <summary>What one takes home.</summary>
public sealed class ReportTests
{
    private readonly LabBench _lab = new();

    public ReportTests()
    {
        _lab.See(HandshakeResult.Good, HandshakeResult.Unstapled, 5);
        _lab.Happen(LabEventKind.FaultBegan, "<script>alert(1)</script>");
    }

    [Theory]
    [InlineData("en")]
    [InlineData("zh")]
    public void The_report_needs_no_script_and_nothing_from_elsewhere(string code)
    {
        var html = HistoryHtml.Write(_lab.History, Language.Of(code), _lab.Now);
        Assert.Contains("<svg", html, StringComparison.Ordinal);
        Assert.Contains(Language.Of(code)["title"], html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.DoesNotContain("http", html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_data_has_every_handshake()
    {
        using var json = JsonDocument.Parse(HistoryJson.Write(_lab.History, _lab.Now));
        var kestrel = json.RootElement.GetProperty("servers")[0];
        Assert.Equal("kestrel", kestrel.GetProperty("name").GetString());
        Assert.Equal(5, kestrel.GetProperty("handshakes").GetArrayLength());
        Assert.Equal("good", kestrel.GetProperty("handshakes")[0].GetProperty("result").GetString());
        Assert.Equal("faultBegan", json.RootElement.GetProperty("events")[0].GetProperty("kind").GetString());
    }
}
