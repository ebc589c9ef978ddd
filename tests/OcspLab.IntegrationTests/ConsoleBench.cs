using Microsoft.Playwright;
using OcspLab.Testing;
using IBrowser = Microsoft.Playwright.IBrowser;

namespace OcspLab.IntegrationTests;

/// <summary>
/// The lab's console in real browsers. With <c>OCSPLAB_UPDATE_DOCS</c> the pictures of it in docs/images are made anew.
/// </summary>
public abstract class ConsoleBench : IAsyncLifetime
{
    internal IPlaywright? Playwrights { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Playwrights = await Playwright.CreateAsync();
        // The default of five seconds is little on a busy machine.
        Assertions.SetDefaultExpectTimeout(60_000);
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Playwrights?.Dispose();
        return ValueTask.CompletedTask;
    }

    internal async Task<IBrowser> LaunchAsync() =>
        await Playwrights!.Chromium.LaunchAsync(
            new() { ExecutablePath = Tool.Require("chromium"), Args = ["--no-sandbox"] }
        );

    internal static async Task<IPage> OpenAsync(
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
        await GoAsync(page, lab.Address);
        await page.Locator("#strips").WaitForAsync();
        if (language is not null)
            await page.Locator($"nav a[lang={language}]").ClickAsync();
        return page;
    }

    // A container's network that comes up beside it breaks off what a browser is loading.
    private static async Task GoAsync(IPage page, Uri address)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await page.GotoAsync(address.ToString());
                return;
            }
            catch (PlaywrightException exception)
                when (attempt < 5 && exception.Message.Contains("ERR_NETWORK_CHANGED", StringComparison.Ordinal))
            {
                // Until it has settled.
                await Task.Delay(TimeSpan.FromSeconds(1));
            }
        }
    }

    internal static Task SaysAsync(IPage page, string server, string situation) =>
        Assertions
            .Expect(page.Locator($".sentences li[data-server={server}]"))
            .ToHaveAttributeAsync("data-situation", situation);

    internal static async Task PictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("OCSPLAB_UPDATE_DOCS") is null)
            return;
        await page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Root, "docs/images", $"{name}.png") });
    }
}
