using System.Net;
using Microsoft.Extensions.Options;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Auditing;
using OcspLab.Responder.Faults;
using OcspLab.Responder.Journal;
using OcspLab.Responder.Listening;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Telemetry;
using OcspLab.ServiceDefaults;

namespace OcspLab.Responder.Hosting;

/// <summary>The responder as a service: admin API and health on one loopback port, OCSP on another.</summary>
internal static class ResponderService
{
    /// <summary>
    /// Builds the service from command-line settings (<c>--Responder:Port=8888</c> …) and the environment.
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
                ApplicationName = typeof(ResponderService).Assembly.GetName().Name,
            }
        );
        builder.AddServiceDefaults(ResponderMetrics.MeterName);
        var section = builder.Configuration.GetSection(ResponderOptions.Section);
        builder.Services.AddOcspResponder(section);
        builder.Services.AddSingleton<IValidateOptions<ResponderServiceOptions>, ResponderServiceOptionsValidator>();
        builder.Services.AddOptions<ResponderServiceOptions>().Bind(section).ValidateOnStart();
        AddLaboratory(builder.Services, section);
        if (section[nameof(ResponderServiceOptions.AuditFile)] is not null)
        {
            builder.Services.AddSingleton(provider => new AuditLog(
                Options(provider).AuditFile!,
                provider.GetRequiredService<TimeProvider>()
            ));
            builder.Services.AddHostedService<SigningAudit>();
        }

        builder.Services.AddSingleton(provider => new OcspListener(
            provider.GetRequiredService<OcspRequestHandler>(),
            provider.GetRequiredService<IOptions<ResponderServiceOptions>>(),
            section.GetValue("Binding", AddressBinding.Present),
            provider.GetRequiredService<ILoggerFactory>()
        ));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<OcspListener>());
        builder.Services.AddHealthChecks().AddCheck<ListenerHealth>("listener");
        builder.Services.AddProblemDetails();
        builder.Services.AddOpenApi(AdminDocument.Describe);
        builder.Services.ConfigureHttpJsonOptions(json => AdminJson.Configure(json.SerializerOptions));
        builder.WebHost.ConfigureKestrel(
            (context, kestrel) =>
            {
                // A thousand certificates to import.
                kestrel.Limits.MaxRequestBodySize = 1024 * 1024;
                kestrel.Limits.MaxConcurrentConnections = AdminConnections;
                kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
                kestrel.Listen(
                    IPAddress.Loopback,
                    context.Configuration.GetValue(
                        $"{ResponderOptions.Section}:{nameof(ResponderServiceOptions.AdminPort)}",
                        8889
                    )
                );
            }
        );
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        var options = Options(app.Services);
        app.UseAdminToken(
            new AdminTokens(
                options.AdminTokenFile,
                options.ReadTokenFile,
                app.Services.GetRequiredService<TimeProvider>(),
                app.Services.GetRequiredService<ILogger<AdminTokens>>()
            ),
            app.Services.GetService<AuditLog>()
        );
        app.MapDefaultEndpoints();
        app.MapOpenApi(AdminDocument.Path);
        app.MapAdminApi();
        return app;
    }

    // Nothing of it stands in the way of a request where the settings do not ask for it.
    private static void AddLaboratory(IServiceCollection services, IConfigurationSection section)
    {
        services.AddSingleton(provider => new JournalMemory(Options(provider).Journal));
        services.AddSingleton<FaultPlan>();
        services.AddSingleton(provider => new FaultySigners(Options(provider).FaultSigners));
        services.AddSingleton<FaultInjector>();
        if (section.GetValue(nameof(ResponderServiceOptions.Journal), 0) > 0)
        {
            services.AddSingleton(provider => new RequestJournal(
                provider.GetRequiredService<JournalMemory>().Add,
                provider.GetRequiredService<TimeProvider>()
            ));
            services.Decorate(
                (inner, provider) => new JournalingSender(inner, provider.GetRequiredService<RequestJournal>())
            );
        }

        if (section.GetValue(nameof(ResponderServiceOptions.Faults), FaultInjection.Off) == FaultInjection.DangerousOn)
        {
            services.Decorate(
                (inner, provider) =>
                    new FaultySender(
                        inner,
                        provider.GetRequiredService<FaultInjector>(),
                        provider.GetService<RequestJournal>()
                    )
            );
        }
    }

    private const int AdminConnections = 32;

    private static ResponderServiceOptions Options(IServiceProvider services) =>
        services.GetRequiredService<IOptions<ResponderServiceOptions>>().Value;
}
