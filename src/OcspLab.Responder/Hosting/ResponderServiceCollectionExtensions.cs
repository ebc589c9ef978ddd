using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OcspLab.Responder;

namespace OcspLab;

/// <summary>Registers the responder.</summary>
public static class ResponderServiceCollectionExtensions
{
    /// <summary>Adds the responder with options from <paramref name="configuration"/>, validated at start.</summary>
    public static IServiceCollection AddOcspResponder(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ResponderOptions>, ResponderOptionsValidator>());
        services.AddOptions<ResponderOptions>().Bind(configuration).ValidateOnStart();
        services.AddSingleton<ResponderMetrics>();
        services.AddSingleton(provider => new SqliteCertificateRegistry(
            provider.GetRequiredService<IOptions<ResponderOptions>>().Value.Database, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ICertificateRegistry>(provider => provider.GetRequiredService<SqliteCertificateRegistry>());
        services.AddSingleton<OcspAnswering>();
        return services;
    }
}
