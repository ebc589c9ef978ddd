using System.Net.Quic;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OcspLab.Stapling;
using OcspLab.Stapling.Kestrel.Endpoints;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Turns stapling on.</summary>
public static class StaplingWebHostBuilderExtensions
{
    /// <summary>
    /// Staples verified OCSP responses on every HTTPS endpoint of Kestrel (RFC 6066 §8, RFC 8446 §4.4.2.1). Ports stay
    /// closed until the first staples are there, at most <see cref="StaplingOptions.StartupTimeout"/>. Call it after
    /// Kestrel was added, which <c>WebApplication.CreateBuilder</c> has done.
    /// </summary>
    /// <param name="builder">The web host.</param>
    /// <param name="configure">Options, after those from the section <c>OcspStapling</c>.</param>
    /// <exception cref="InvalidOperationException">Kestrel was not added.</exception>
    public static IWebHostBuilder UseOcspStapling(
        this IWebHostBuilder builder,
        Action<StaplingOptions>? configure = null
    )
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.ConfigureServices(
            (context, services) =>
            {
                var options = services.AddOcspStapling(context.Configuration);
                if (configure is not null)
                    options.Configure(configure);
                if (services.Any(service => service.ServiceType == typeof(KestrelHttpsHook)))
                    return;
                services.TryAddSingleton(new Http3Support(QuicListener.IsSupported));
                services.AddSingleton<HttpsEndpoints>();
                services.AddSingleton<KestrelHttpsHook>();
                services.AddSingleton<IPostConfigureOptions<KestrelServerOptions>>(provider =>
                    provider.GetRequiredService<KestrelHttpsHook>()
                );
                services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<KestrelHttpsHook>());
                services.AddSingleton<IHostedService, EndpointAnnouncement>();
                GatePorts(services);
            }
        );
    }

    private static void GatePorts(IServiceCollection services)
    {
        var gated = Decorate<IConnectionListenerFactory>(
            services,
            (inner, provider) =>
                new PrefetchingListenerFactory(
                    inner,
                    provider.GetRequiredService<KestrelHttpsHook>(),
                    provider.GetRequiredService<IHostApplicationLifetime>()
                )
        );
        if (gated == 0)
            throw new InvalidOperationException(
                "UseOcspStapling finds no Kestrel to work with. Call it after WebApplication.CreateBuilder or "
                    + "UseKestrel."
            );
        Decorate<IMultiplexedConnectionListenerFactory>(
            services,
            (inner, provider) =>
                new ReattachingMultiplexedFactory(inner, provider.GetRequiredService<KestrelHttpsHook>())
        );
    }

    private static int Decorate<T>(IServiceCollection services, Func<T, IServiceProvider, T> decorate)
        where T : class
    {
        var originals = services.Where(service => service.ServiceType == typeof(T)).ToArray();
        foreach (var original in originals)
            services[services.IndexOf(original)] = ServiceDescriptor.Singleton(provider =>
                decorate(Create<T>(original, provider), provider)
            );
        return originals.Length;
    }

    private static T Create<T>(ServiceDescriptor original, IServiceProvider provider) =>
        (T)(
            original.ImplementationInstance
            ?? original.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.CreateInstance(provider, original.ImplementationType!)
        );
}
