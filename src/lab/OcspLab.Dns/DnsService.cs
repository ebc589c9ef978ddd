using Microsoft.Extensions.Options;

namespace OcspLab.Dns;

/// <summary>The name server as a service.</summary>
public static class DnsService
{
    /// <summary>Builds the service from command-line settings (<c>--Dns:Port=5533</c> …) and the environment.</summary>
    /// <param name="args">Settings.</param>
    /// <param name="configure">A last word, for who runs it inside another process.</param>
    public static IHost Create(string[] args, Action<HostApplicationBuilder>? configure = null)
    {
        var builder = Host.CreateApplicationBuilder(
            new HostApplicationBuilderSettings
            {
                Args = args,
                ContentRootPath = AppContext.BaseDirectory,
                ApplicationName = typeof(DnsService).Assembly.GetName().Name,
            }
        );
        builder.AddServiceDefaults();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IValidateOptions<DnsOptions>, DnsOptionsValidator>();
        builder.Services.AddSingleton<IValidateOptions<DnsOptions>, DnsAddressValidator>();
        builder.Services.AddOptions<DnsOptions>().BindConfiguration(DnsOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<NameServer>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<NameServer>());
        configure?.Invoke(builder);
        return builder.Build();
    }
}
