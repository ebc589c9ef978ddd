using Microsoft.Playwright;
using OcspLab.Lab.Fleets;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>What the console's buttons do, and what its strips and sentences say of it.</summary>
public sealed class ConsoleTests : ConsoleBench
{
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
}
