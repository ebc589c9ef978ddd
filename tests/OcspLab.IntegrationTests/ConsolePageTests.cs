using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using OcspLab.Lab.Browsers;
using OcspLab.Lab.Processes;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>How the console's page looks, and what it costs.</summary>
public sealed class ConsolePageTests : ConsoleBench
{
    [Theory]
    [InlineData(390, 844, ColorScheme.Light)]
    [InlineData(1280, 720, ColorScheme.Dark)]
    public async Task It_fits_is_accessible_and_loads_nothing_from_elsewhere(int width, int height, ColorScheme colors)
    {
        await using var lab = await ConsoleLab.StartAsync(keep: true);
        await using var browser = await LaunchAsync();
        var elsewhere = new List<string>();
        var complaints = new List<string>();
        var page = await OpenAsync(
            browser,
            lab,
            new()
            {
                ViewportSize = new() { Width = width, Height = height },
                ColorScheme = colors,
                ReducedMotion = ReducedMotion.Reduce,
            },
            watch: page =>
            {
                page.Request += (_, request) =>
                {
                    if (
                        !request.Url.StartsWith("data:", StringComparison.Ordinal)
                        && new Uri(request.Url).Port != lab.Ports.Console
                    )
                        elsewhere.Add(request.Url);
                };
                page.Console += (_, message) =>
                {
                    if (message.Type == "error")
                        complaints.Add(message.Text);
                };
            }
        );
        await SaysAsync(page, "kestrel", "Good");
        await page.Locator(".strip[data-server=kestrel] .hit").Last.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.Locator("#moment dl").WaitForAsync();
        await page.Locator("#tour-start").ClickAsync();
        var axe = await page.RunAxe();
        Assert.True(
            axe.Violations.Length == 0,
            string.Join(
                '\n',
                axe.Violations.Select(violation => $"{violation.Id}: {violation.Help} {violation.Nodes[0].Html}")
            )
        );
        Assert.Equal(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        Assert.Empty(elsewhere);
        Assert.Empty(complaints);
    }

    [Fact, Trait("Ring", "long")]
    public async Task While_nobody_looks_nobody_shakes_hands()
    {
        await using var lab = await ConsoleLab.StartAsync(nginx: "off");
        await using var browser = await LaunchAsync();
        using var client = new HttpClient();
        using var login = await client.GetAsync(lab.Address, TestContext.Current.CancellationToken);
        var path = Assert.Single(login.Headers.GetValues("Refresh")).Split("url=")[1];
        Assert.Equal(0, await CountAsync());
        var page = await OpenAsync(browser, lab);
        await SaysAsync(page, "kestrel", "Good");
        Assert.NotEqual(0, await CountAsync());
        await page.CloseAsync();
        var last = -1;
        await Poll.UntilAsync(
            async () =>
            {
                var before = last;
                last = await CountAsync();
                await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);
                return before == last;
            },
            "the last handshake",
            90
        );

        async Task<int> CountAsync()
        {
            using var json = System.Text.Json.JsonDocument.Parse(
                await client.GetStringAsync(
                    new Uri(lab.Address, $"{path}export/lab.json"),
                    TestContext.Current.CancellationToken
                )
            );
            return json
                .RootElement.GetProperty("servers")
                .EnumerateArray()
                .Sum(server => server.GetProperty("handshakes").GetArrayLength());
        }
    }

    [Fact, Trait("Ring", "long")]
    public async Task Firefox_shows_it_too()
    {
        var firefox = ChildProcess.Find("firefox-esr") ?? ChildProcess.Find("firefox");
        Assert.SkipWhen(firefox is null, DebianPackages.Missing("firefox-esr"));
        await using var lab = await ConsoleLab.StartAsync();
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var session = await FirefoxSession.StartAsync(firefox, "", TimeProvider.System, cancellationToken);
        await session.NavigateAsync(lab.Address, cancellationToken);
        await UntilAsync("document.querySelector('[data-server=kestrel]')?.dataset.situation", "Good");
        await UntilAsync("document.querySelector('#revoke') ? 'there' : ''", "there");
        await session.RunAsync("document.querySelector('#revoke').click()", cancellationToken);
        await UntilAsync("document.querySelector('[data-server=kestrel]').dataset.situation", "Revoked");
        await UntilAsync("document.querySelector('[data-server=nginx]').dataset.situation", "StillGood");

        Task UntilAsync(string expression, string value) =>
            Poll.UntilAsync(
                async () => (await session.RunAsync($"return {expression}", cancellationToken)).ToString() == value,
                $"{expression} is {value}",
                60
            );
    }
}
