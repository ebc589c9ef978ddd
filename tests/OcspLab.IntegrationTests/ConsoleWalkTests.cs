using Microsoft.Playwright;

namespace OcspLab.IntegrationTests;

/// <summary>The console's walk through the article.</summary>
public sealed class ConsoleWalkTests : ConsoleBench
{
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
            // What is pressed before the page has heard that something is being done has its turn.
            foreach (var button in buttons)
                await page.Locator(button).ClickAsync();

            await Assertions
                .Expect(step.Locator("[data-seen]"))
                .ToHaveAttributeAsync("data-seen", "", new() { Timeout = 90_000 });
            await page.Locator("#tour-next").ClickAsync();
        }
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
}
