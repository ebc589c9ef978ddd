using System.Text.Json;
using OcspLab.Lab;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>The comparison, with real servers.</summary>
public sealed class CompareTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_it_sees_agrees_with_what_is_known_of_the_servers()
    {
        var run = await Programs.OcspLabAsync("compare", "--quick", "--servers", "kestrel,kestrel-builtin,nginx", "--experiments", "undisturbed,restart", "--out", _folder.Path);
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.Contains("to go", run.Error, StringComparison.Ordinal);
        var matrix = JsonDocument.Parse(await File.ReadAllTextAsync(_folder["comparison.json"], TestContext.Current.CancellationToken)).RootElement.GetProperty("findings").EnumerateArray()
            .ToDictionary(finding => (finding.GetProperty("server").GetString()!, finding.GetProperty("behaviour").GetString()!), finding => finding.GetProperty("verdict").GetString());
        foreach (var (server, behaviour) in matrix.Keys.Where(key => key.Item1 == LabTopology.Kestrel))
            Assert.NotEqual("fails", matrix[(server, behaviour)]);
        Assert.Equal("holds", matrix[(LabTopology.Kestrel, "the very first handshake is stapled")]);
        Assert.Equal("holds", matrix[(LabTopology.Kestrel, "survives a restart during an outage")]);
        Assert.Equal("fails", matrix[(LabTopology.KestrelBuiltIn, "survives a restart during an outage")]);
        if (run.Output.Contains("left out: nginx", StringComparison.Ordinal))
            return;
        Assert.Equal("fails", matrix[("nginx", "asks before the first client")]);
        Assert.Equal("fails", matrix[("nginx", "the very first handshake is stapled")]);
        Assert.Equal("holds", matrix[("nginx", "staples nothing past its nextUpdate")]);
        Assert.Equal("fails", matrix[("nginx", "survives a restart during an outage")]);

        await AssertReportAsync();
    }

    [Theory]
    [InlineData("--servers", "nobody")]
    [InlineData("--experiments", "magic")]
    public async Task A_name_that_is_none_is_refused_with_those_that_are(string option, string value)
    {
        var run = await Programs.OcspLabAsync("compare", option, value);
        Assert.Equal(64, run.ExitCode);
        Assert.Contains($"'{value}' is none of ", run.Error, StringComparison.Ordinal);
    }

    // In a real browser: the report needs no network, and its figures are there.
    private async Task AssertReportAsync()
    {
        var html = await File.ReadAllTextAsync(_folder["comparison.html"], TestContext.Current.CancellationToken);
        Assert.DoesNotContain("http://", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        var chromium = new Chromium(TimeProvider.System);
        if (chromium.Missing is not null)
            return;
        await Programs.OcspLabAsync("pki", "init", "--lab", _folder.Path);
        var (visit, answer) = await chromium.VisitAsync(
            new Uri(_folder["comparison.html"]), _folder["pki/root_ca/CA/rsa_ca.crt"],
            "[document.querySelectorAll('#matrix tbody tr').length, document.querySelectorAll('svg.timeline').length, document.querySelectorAll('svg.timeline rect').length > 6, document.documentElement.scrollWidth <= innerWidth].join()",
            TestContext.Current.CancellationToken);
        Assert.Null(visit.Error);
        Assert.Equal("10,3,true,true", answer);
        if (Environment.GetEnvironmentVariable("OCSPLAB_UPDATE_DOCS") is not null)
            await File.WriteAllBytesAsync(Path.Combine(Programs.Root, "docs/images/comparison.png"), visit.Picture, TestContext.Current.CancellationToken);
    }
}
