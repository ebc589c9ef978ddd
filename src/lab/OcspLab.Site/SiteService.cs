using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using OcspLab.Stapling.Status;

namespace OcspLab.Site;

/// <summary>
/// The sample HTTPS site. Its endpoint and certificate are Kestrel's own configuration; stapling is one line.
/// </summary>
public static class SiteService
{
    /// <summary>
    /// Builds the site from command-line settings (<c>--Kestrel:Endpoints:Https:Url=…</c>,
    /// <c>--Site:Stapling=BuiltIn</c> …) and the environment.
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
                ApplicationName = typeof(SiteService).Assembly.GetName().Name,
            }
        );
        builder.AddServiceDefaults(StaplingTelemetry.MeterName);
        builder.Services.Configure<SocketTransportOptions>(builder.Configuration.GetSection("Sockets"));
        var site = builder.Configuration.GetSection(SiteOptions.Section).Get<SiteOptions>() ?? new SiteOptions();
        if (site.PasswordFile is { } passwordFile)
            builder.Configuration.AddInMemoryCollection([
                new("Kestrel:Endpoints:Https:Certificate:Password", File.ReadLines(passwordFile).FirstOrDefault()),
            ]);

        if (site.Stapling == SiteStapling.Verified)
        {
            builder.WebHost.UseOcspStapling();
            if (site.Redis is { } redis)
                builder.Services.AddOcspStaplingRedis(redis);
            else if (site.PostgreSql is { } database)
                builder.Services.AddOcspStaplingPostgreSql(database);
            // So that the responder's journal tells the lab's servers apart.
            builder.Services.ConfigureHttpClientDefaults(http =>
                http.ConfigureHttpClient(client => client.DefaultRequestHeaders.UserAgent.ParseAdd("kestrel"))
            );
            builder
                .Services.AddHealthChecks()
                .AddOcspStapling()
                .AddOcspStaplingReadiness(tags: [ServiceDefaultsExtensions.Ready]);
        }
        else if (site.Stapling == SiteStapling.Off)
            builder.WebHost.ConfigureKestrel(kestrel =>
                kestrel.ConfigureHttpsDefaults(https => https.OnAuthenticate = new UnstapledContexts().Apply)
            );
        else if (
            site is { ResponderAddress: { } address, ResponderHost: { } host }
            && HttpClient.DefaultProxy is not ResponderProxy
        )
            HttpClient.DefaultProxy = new ResponderProxy(host, address, HttpClient.DefaultProxy);
        configure?.Invoke(builder);

        var app = builder.Build();
        app.MapDefaultEndpoints();
        // A refresh makes the server ask its responder: not for everybody.
        if (site.Stapling == SiteStapling.Verified)
            app.MapOcspStaplingStatus()
                .AddEndpointFilter(
                    async (call, next) =>
                        call.HttpContext.Connection.RemoteIpAddress is { } client && IPAddress.IsLoopback(client)
                            ? await next(call).ConfigureAwait(false)
                            : Results.NotFound()
                );
        app.MapGet("/", (IServiceProvider services) =>
            Results.Content(
                SitePage.Render(services.GetService<IStaplingStatus>(), TimeProvider.System.GetUtcNow()),
                "text/html; charset=utf-8"
            )
        );
        return app;
    }
}
