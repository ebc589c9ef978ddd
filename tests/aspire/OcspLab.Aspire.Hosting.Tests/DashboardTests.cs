using System.Text.RegularExpressions;
using Microsoft.Playwright;
using OcspLab.AppHost;
using OcspLab.Lab.Topology;
using OcspLab.Probe;
using OcspLab.Testing;

namespace OcspLab.Aspire.Hosting.Tests;

/// <summary>
/// The lab's AppHost as a person uses it: Aspire's dashboard in a real browser. With <c>OCSPLAB_UPDATE_DOCS</c> the
/// pictures of docs/aspire.md are made anew.
/// </summary>
[Trait("Ring", "program")]
public sealed partial class DashboardTests : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly LabTopology _topology;
    private readonly RunningProgram _lab;

    public DashboardTests()
    {
        _topology = LabFixture.NewTopology(_folder["lab"]);
        var ports = FreePort.Find(3);
        _lab = new RunningProgram([
            $"ASPNETCORE_URLS=http://localhost:{ports[0]}",
            $"ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL=http://localhost:{ports[1]}",
            $"ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL=http://localhost:{ports[2]}",
            "ASPIRE_ALLOW_UNSECURED_TRANSPORT=true",
            "dotnet",
            typeof(AspireLab).Assembly.Location,
            .. LabFixture.Arguments(_topology),
        ]);
    }

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_certificate_is_revoked_with_the_dashboards_button_and_a_handshake_tells()
    {
        var browser = Tool.Require("chromium");
        var login = await ReadLoginAsync();
        var root = _topology.CreatePki(TimeProvider.System).Root.Certificate;
        await Handshakes.ExpectAsync(_topology.Ports.Kestrel, LabTopology.SiteHost, root, StapleVerdictKind.Good);

        using var playwright = await Playwright.CreateAsync();
        await using var chromium = await playwright.Chromium.LaunchAsync(
            new() { ExecutablePath = browser, Args = ["--no-sandbox"] }
        );
        var page = await chromium.NewPageAsync(
            new()
            {
                ViewportSize = new ViewportSize { Width = 1440, Height = 900 },
            }
        );
        await page.GotoAsync(login);
        foreach (var name in (string[])[LabTopology.Pki, LabTopology.Responder, .. LabFixture.Servers])
            await page.GetByText(name, new() { Exact = true }).First.WaitForAsync();
        await Poll.UntilAsync(
            async () => await page.GetByText("Running", new() { Exact = true }).CountAsync() >= 6,
            "all resources are shown as running",
            60
        );
        await PictureAsync(page, "resources");

        var row = page.GetByRole(AriaRole.Row)
            .Filter(new() { HasText = "ocsplab" })
            .Filter(new() { HasText = LabTopology.Responder });
        await row.GetByTitle("Revoke").First.ClickAsync();
        // The choice begins with the first certificate.
        var confirm = page.Locator("fluent-dialog fluent-button").Filter(new() { HasText = "Revoke" });
        await confirm.WaitForAsync();
        await PictureAsync(page, "revoke");
        await confirm.ClickAsync();
        await Handshakes.ExpectAsync(_topology.Ports.Kestrel, LabTopology.SiteHost, root, StapleVerdictKind.Revoked);

        await page.GotoAsync(new Uri(new Uri(login), "/traces/resource/kestrel").ToString());
        await page.GetByText("ocsp.refresh").First.WaitForAsync();
        // Spans of both, in one trace.
        await page.GetByText($"{LabTopology.Responder} (1)").First.WaitForAsync();
        await PictureAsync(page, "traces");
    }

    private async Task<string> ReadLoginAsync()
    {
        await Poll.UntilAsync(
            () => _lab.HasExited || Login().IsMatch(_lab.Output),
            "the dashboard's address is printed",
            120
        );
        Assert.False(_lab.HasExited, _lab.Output + _lab.Error);
        return Login().Match(_lab.Output).Value;
    }

    private static async Task PictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("OCSPLAB_UPDATE_DOCS") is null)
            return;
        await page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Root, "docs/images", $"aspire-{name}.png") });
    }

    [GeneratedRegex(@"http://localhost:\d+/login\?t=\w+")]
    private static partial Regex Login();
}
