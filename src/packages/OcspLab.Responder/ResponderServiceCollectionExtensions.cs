using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Hosting;
using OcspLab.Responder.Presigning;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;
using OcspLab.Responder.Telemetry;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the responder.</summary>
public static class ResponderServiceCollectionExtensions
{
    /// <summary>
    /// Adds the responder with options from <paramref name="configuration"/>, validated at start. An
    /// <see cref="IStatusSource"/> of one's own is a keyed service under its authority's name. Where exactly one
    /// authority can be changed, <see cref="ICertificateRegistry"/> is its registry.
    /// </summary>
    public static IServiceCollection AddOcspResponder(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<ResponderOptions>, ResponderOptionsValidator>()
        );
        services.AddOptions<ResponderOptions>().Bind(configuration).ValidateOnStart();
        services.AddHttpClient(AuthorityDirectory.CrlClient);
        services.AddSingleton<ResponderMetrics>();
        services.AddSingleton<AuthorityDirectory>();
        services.AddSingleton(provider =>
        {
            var cache = new ResponseCache(
                provider.GetRequiredService<IOptions<ResponderOptions>>().Value.MaximumCachedResponses
            );
            ResponderGauges.AddTo(
                provider.GetRequiredService<ResponderMetrics>(),
                cache,
                provider.GetRequiredService<AuthorityDirectory>(),
                provider.GetRequiredService<TimeProvider>()
            );
            return cache;
        });
        services.AddSingleton<ICertificateRegistry>(provider => new OnlyRegistry(
            provider.GetRequiredService<AuthorityDirectory>().FindRegistry(null, out var fault)
                ?? throw new InvalidOperationException(fault)
        ));
        services.AddSingleton<SigningGate>();
        services.AddSingleton<ResponseFactory>();
        services.AddSingleton<AnswerStore>();
        services.AddSingleton<ISharedAnswers, SharedAnswers>();
        services.AddSingleton<OcspResponder>();
        services.TryAddSingleton<IResponseSender, ResponseSender>();
        services.AddSingleton<OcspRequestHandler>();
        services.AddHostedService<AuthorityUpkeep>();
        services.AddSingleton<Presigner>();
        services.AddHostedService(provider => provider.GetRequiredService<Presigner>());
        services.AddHealthChecks().AddCheck<ResponderHealth>("responder");
        return services;
    }
}
