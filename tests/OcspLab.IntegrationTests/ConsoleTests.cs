using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using OcspLab.Lab.Browsers;
using OcspLab.Lab.Fleets;
using OcspLab.Lab.Processes;
using OcspLab.Testing;
using IBrowser = Microsoft.Playwright.IBrowser;

namespace OcspLab.IntegrationTests;

/// <summary>
/// The lab's console in real browsers. With <c>OCSPLAB_UPDATE_DOCS</c> the pictures of it in docs/images are made anew.
/// </summary>
public sealed class ConsoleTests : IAsyncLifetime
{
    private IPlaywright? _playwright;

    public async ValueTask InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        // The default of five seconds is little on a busy machine.
        Assertions.SetDefaultExpectTimeout(60_000);
    }

    public ValueTask DisposeAsync()
    {
        _playwright?.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_revocation_by_its_button_shows_on_kestrels_strip_and_not_on_nginxs()
    {
        await using var lab = await ConsoleLab.StartAsync();
        await using var browser = await LaunchAsync();
        var page = await OpenAsync(browser, lab);
        await SaysAsync(page, "kestrel", "Good");
        await SaysAsync(page, "nginx", "Good");
        await page.Locator("#revoke").ClickAsync();
        await SaysAsync(page, "kestrel", "Revoked");
        await SaysAsync(page, "nginx", "StillGood");
        await Assertions.Expect(page.Locator(".strip[data-server=kestrel] g.revoked")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator(".strip[data-server=nginx] g.revoked")).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("#outcome")).ToContainTextAsync("ocsplab pki revoke echo");
        await Assertions.Expect(page.Locator("#events")).ToContainTextAsync("the certificate was revoked");
        await PictureAsync(page, "console-revoked");

        // A look at one handshake.
        await page.Locator(".strip[data-server=kestrel] .hit").Last.ClickAsync();
        await Assertions.Expect(page.Locator("#moment dl")).ToContainTextAsync("revoked");
        await Assertions.Expect(page.Locator("#moment dl")).ToContainTextAsync("CN=echocert.lab");
        var staple = await page.RunAndWaitForDownloadAsync(() =>
            page.Locator("#moment a", new() { HasText = "the staple" }).ClickAsync()
        );
        var shown = await Tool.RunAsync(
            "openssl",
            "ocsp",
            "-respin",
            (await staple.PathAsync())!,
            "-noverify",
            "-resp_text"
        );
        Assert.Contains("Cert Status: revoked", shown.Output, StringComparison.Ordinal);

        // What is done elsewhere is seen as well.
        Assert.Equal(0, (await lab.OcspLabAsync("pki", "restore", "echo")).ExitCode);
        await SaysAsync(page, "kestrel", "Good");
        await Assertions.Expect(page.Locator("#events")).ToContainTextAsync("the certificate is good again");
    }

    [Fact, Trait("Ring", "long")]
    public async Task A_fault_and_its_end_are_seen_and_what_fails_says_why()
    {
        await using var lab = await ConsoleLab.StartAsync();
        await using var browser = await LaunchAsync();
        var page = await OpenAsync(browser, lab);
        await SaysAsync(page, "kestrel", "Good");
        await page.Locator("#fault-kind").SelectOptionAsync("Http500");
        await page.Locator("#fault-for").SelectOptionAsync("15");
        await page.Locator("#fault").ClickAsync();
        await Assertions
            .Expect(page.Locator("#outcome"))
            .ToContainTextAsync("ocsplab responder fault http500 --for 00:00:15");
        await Assertions.Expect(page.Locator("#events")).ToContainTextAsync("the responder misbehaves: http500");
        await page.Locator("#refresh").ClickAsync();
        await Assertions.Expect(page.Locator("#journal tbody")).ToContainTextAsync("http500");
        await Assertions
            .Expect(page.Locator("#events"))
            .ToContainTextAsync("the responder no longer misbehaves: http500");
        await SaysAsync(page, "kestrel", "Good");

        await page.Locator("#burst").ClickAsync();
        await Assertions.Expect(page.Locator("#outcome")).ToContainTextAsync("50 clients: 50 good");

        await page.Locator("#browse-chromium").ClickAsync();
        await Assertions.Expect(page.Locator("#outcome")).ToContainTextAsync("shows the page");
        await page.Locator("#actions img, .do img").First.WaitForAsync();

        // There is no nginx that could be restarted: it does not say which process it is.
        File.Delete(Path.Combine(lab.Folder, "nginx/nginx.pid"));
        await page.Locator("#restart-nginx").ClickAsync();
        await Assertions.Expect(page.Locator("#outcome .failure")).ToContainTextAsync("No nginx of a lab runs");
    }

    [Theory, Trait("Ring", "long")]
    [InlineData("en")]
    [InlineData("zh")]
    public async Task The_walk_goes_from_its_start_to_its_end(string language)
    {
        await using var lab = await ConsoleLab.StartAsync();
        await using var browser = await LaunchAsync();
        var page = await OpenAsync(browser, lab, language: language);
        await SaysAsync(page, "nginx", "Good");
        // What an earlier visitor left is put in order first.
        Assert.Equal(0, (await lab.OcspLabAsync("pki", "revoke", "echo")).ExitCode);
        await SaysAsync(page, "kestrel", "Revoked");
        await page.Locator("#tour-start").ClickAsync();
        await StepAsync("good");
        await StepAsync("coldStart", "#tour-restart-nginx");
        await StepAsync("revoked", "#tour-revoke");
        await StepAsync("restored", "#tour-restore");
        await StepAsync("outage", "#tour-outage");
        await StepAsync("outageRestart", "#tour-restart-nginx");
        if (language == "en")
            await PictureAsync(page, "console-tour");
        await StepAsync("over", "#tour-recover", "#tour-restart-nginx");
        await StepAsync("forged", "#tour-fault", "#tour-refresh");
        await Assertions
            .Expect(page.Locator("#tour-over"))
            .ToContainTextAsync(language == "zh" ? "亲眼看到" : "really seen");

        async Task StepAsync(string name, params string[] buttons)
        {
            var step = page.Locator($"#tour [data-step={name}]");
            await step.WaitForAsync();
            foreach (var button in buttons)
            {
                await Assertions.Expect(page.Locator(button)).ToBeEnabledAsync();
                await page.Locator(button).ClickAsync();
            }

            await Assertions
                .Expect(step.Locator("[data-seen]"))
                .ToHaveAttributeAsync("data-seen", "", new() { Timeout = 90_000 });
            await page.Locator("#tour-next").ClickAsync();
        }
    }

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
    public async Task Without_nginx_it_and_its_walk_are_about_kestrel_alone()
    {
        await using var lab = await ConsoleLab.StartAsync(nginx: "off");
        await using var browser = await LaunchAsync();
        var page = await OpenAsync(browser, lab);
        await SaysAsync(page, "kestrel", "Good");
        await Assertions.Expect(page.Locator(".strip[data-server]")).ToHaveCountAsync(2);
        await page.Locator("#tour-start").ClickAsync();
        await Assertions.Expect(page.Locator("#tour .card")).ToContainTextAsync("Step 1 of 4");
        await page.Locator("#tour-next").ClickAsync(new() { Timeout = 60_000 });
        await page.Locator("#tour-revoke").ClickAsync();
        await page.Locator("#tour-next").ClickAsync(new() { Timeout = 60_000 });
        await page.Locator("#tour-restore").WaitForAsync();
    }

    [Fact, Trait("Ring", "long")]
    public async Task A_site_of_the_fleet_that_is_killed_is_seen_to_be_away_and_costs_the_fleet_nothing()
    {
        Assert.SkipWhen(FleetPrograms.Missing is not null, FleetPrograms.Missing ?? "");
        await using var lab = await ConsoleLab.StartAsync(nginx: "off", fleet: 2);
        await using var browser = await LaunchAsync();
        var page = await OpenAsync(browser, lab);
        await SaysAsync(page, "site-1", "Good");
        await page.Locator("#part").SelectOptionAsync("site-1");
        await page.Locator("#kill").ClickAsync();
        await Assertions.Expect(page.Locator("#outcome")).ToContainTextAsync("ocsplab fleet kill site-1");
        await Assertions.Expect(page.Locator("#events")).ToContainTextAsync("site-1 was killed");
        await SaysAsync(page, "site-1", "NotReached");
        await SaysAsync(page, "haproxy", "Good");
        await SaysAsync(page, "site-1", "Good");
        // A connection may have been under way; none went without its staple.
        foreach (var without in (string[])["unstapled", "expired", "wrong"])
            await Assertions.Expect(page.Locator($".strip[data-server=haproxy] g.{without}")).ToHaveCountAsync(0);
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

    [Fact]
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

    private async Task<IBrowser> LaunchAsync() =>
        await _playwright!.Chromium.LaunchAsync(
            new() { ExecutablePath = Tool.Require("chromium"), Args = ["--no-sandbox"] }
        );

    private static async Task<IPage> OpenAsync(
        IBrowser browser,
        ConsoleLab lab,
        BrowserNewPageOptions? options = null,
        string? language = null,
        Action<IPage>? watch = null
    )
    {
        var page = await browser.NewPageAsync(
            options
                ?? new()
                {
                    ViewportSize = new() { Width = 1280, Height = 720 },
                }
        );
        watch?.Invoke(page);
        await page.GotoAsync(lab.Address.ToString());
        await page.Locator("#strips").WaitForAsync();
        if (language is not null)
            await page.Locator($"nav a[lang={language}]").ClickAsync();
        return page;
    }

    private static Task SaysAsync(IPage page, string server, string situation) =>
        Assertions
            .Expect(page.Locator($".sentences li[data-server={server}]"))
            .ToHaveAttributeAsync("data-situation", situation);

    private static async Task PictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("OCSPLAB_UPDATE_DOCS") is null)
            return;
        await page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Root, "docs/images", $"{name}.png") });
    }
}
