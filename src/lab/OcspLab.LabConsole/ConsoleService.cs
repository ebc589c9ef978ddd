using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using OcspLab.Lab.Timelines;
using OcspLab.LabConsole.Access;
using OcspLab.LabConsole.Acting;
using OcspLab.LabConsole.Pages;
using OcspLab.LabConsole.Reporting;
using OcspLab.LabConsole.Settings;
using OcspLab.LabConsole.Telling;
using OcspLab.LabConsole.Watching;

namespace OcspLab.LabConsole;

/// <summary>The page on which one watches the lab and does things to it, as a service of its own.</summary>
public static class ConsoleService
{
    /// <summary>
    /// Builds the service from command-line settings (<c>--Console:Port=8880</c> …) and the environment.
    /// </summary>
    /// <param name="args">Settings.</param>
    /// <param name="configure">A last word, for who runs it inside another process.</param>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions
            {
                Args = args,
                ContentRootPath = AppContext.BaseDirectory,
                ApplicationName = typeof(ConsoleService).Assembly.GetName().Name,
            }
        );
        var section = builder.Configuration.GetSection(ConsoleOptions.Section);
        var options = section.Get<ConsoleOptions>() ?? new ConsoleOptions();
        builder.AddServiceDefaults();
        builder.Services.Configure<ConsoleOptions>(section);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new LoginToken(options.Token));
        builder.Services.AddSingleton<LabHistory>();
        builder.Services.AddSingleton<LabActions>();
        builder.Services.AddSingleton<LabLogs>();
        builder.Services.AddSingleton<ResponderWatcher>();
        builder.Services.AddSingleton<ServerProber>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<ServerProber>());
        builder.Services.AddHostedService(provider => provider.GetRequiredService<ResponderWatcher>());
        // Nothing outlives this process, and nothing is to be written beside the lab's folder.
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder
            .Services.AddRazorComponents()
            .AddInteractiveServerComponents(circuits =>
                // A page that was closed without a word is not to be watched for longer.
                circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromSeconds(20)
            );
        // Loopback and nothing else, whatever the environment says.
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Configure(new ConfigurationBuilder().Build());
            kestrel.Listen(IPAddress.Loopback, options.Port);
        });
        builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, "");
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseMiddleware<Guard>();
        app.UsePathBase(app.Services.GetRequiredService<LoginToken>().Path);
        // After the path was taken away, and not before.
        app.UseRouting();
        app.UseAntiforgery();
        app.MapGet("/console.css", () => Asset("console.css", "text/css; charset=utf-8", StripDrawing.Style));
        app.MapGet("/_framework/blazor.web.js", () => Asset("blazor.web.js", "text/javascript; charset=utf-8"));
        MapDownloads(app);
        app.MapRazorComponents<App>()
            .AddInteractiveServerRenderMode(render =>
                // The guard's policy says more.
                render.ContentSecurityFrameAncestorsPolicy = null
            );
        return app;
    }

    /// <summary>The address that lets a browser in.</summary>
    /// <exception cref="InvalidOperationException">The service is another one.</exception>
    public static Uri AddressOf(IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(services);
        var port = services.GetRequiredService<IOptions<ConsoleOptions>>().Value.Port;
        var token = services.GetRequiredService<LoginToken>().Value;
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/login?token={token}"));
    }

    private static void MapDownloads(WebApplication app)
    {
        app.MapGet("/moments/{server}/{number:long}/staple.der", (string server, long number, LabHistory history) =>
            Showing(history, server, number)?.Staple is { } staple
                ? Results.File(staple.ToArray(), "application/ocsp-response", $"{server}-{number}.der")
                : Results.NotFound()
        );
        app.MapGet("/moments/{server}/{number:long}/chain.pem", (string server, long number, LabHistory history) =>
            Showing(history, server, number) is { } showing
                ? Results.File(
                    Encoding.ASCII.GetBytes(showing.ToPem()),
                    "application/x-pem-file",
                    $"{server}-{number}.pem"
                )
                : Results.NotFound()
        );
        app.MapGet("/export/lab.html", (string? lang, LabHistory history, TimeProvider clock) =>
            Results.File(
                Encoding.UTF8.GetBytes(HistoryHtml.Write(history, Language.Of(lang), clock.GetUtcNow())),
                "text/html; charset=utf-8",
                "lab.html"
            )
        );
        app.MapGet("/export/lab.json", (LabHistory history, TimeProvider clock) =>
            Results.File(HistoryJson.Write(history, clock.GetUtcNow()), "application/json", "lab.json")
        );
    }

    private static Showing? Showing(LabHistory history, string server, long number) =>
        history.Find(server)?.Find(number)?.Showing;

    private static ContentHttpResult Asset(string name, string type, string before = "")
    {
        using var stream = typeof(ConsoleService).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return TypedResults.Text(before + reader.ReadToEnd(), type);
    }
}
