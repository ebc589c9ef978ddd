using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace OcspLab.Responder;

/// <summary>The responder as a service: admin API and health on one loopback port, OCSP on another.</summary>
internal static class ResponderService
{
    /// <summary>Builds the service from command-line settings (<c>--Responder:Port=8888</c> …) and the environment.</summary>
    /// <param name="args">Settings.</param>
    /// <param name="configure">A last word, for who runs it inside another process.</param>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory, ApplicationName = typeof(ResponderService).Assembly.GetName().Name });
        builder.AddServiceDefaults(ResponderMetrics.MeterName);
        builder.Services.AddOcspResponder(builder.Configuration.GetSection(ResponderOptions.Section));
        builder.Services.AddProblemDetails();
        builder.Services.AddSingleton(provider => new OcspListener(
            provider.GetRequiredService<OcspAnswering>(), provider.GetRequiredService<IOptions<ResponderOptions>>(), provider.GetRequiredService<ILoggerFactory>(), provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<OcspListener>());
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration("responder", provider => new ResponderHealth(provider.GetRequiredService<OcspAnswering>(), provider.GetRequiredService<OcspListener>()), null, null));
        builder.WebHost.ConfigureKestrel((context, kestrel) =>
        {
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.Listen(IPAddress.Loopback, context.Configuration.GetValue($"{ResponderOptions.Section}:{nameof(ResponderOptions.AdminPort)}", 8889));
        });
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseAdminToken(AdminToken.LoadOrCreate(app.Services.GetRequiredService<IOptions<ResponderOptions>>().Value.AdminTokenFile));
        app.MapDefaultEndpoints();
        app.MapAdminApi();
        return app;
    }

    private sealed class ResponderHealth(OcspAnswering answering, OcspListener listener) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
            listener.Url is null ? HealthCheckResult.Degraded("The OCSP port is closed.")
            : answering.IsHealthy() ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("The registry cannot be read, or the signer has expired."));
    }
}
