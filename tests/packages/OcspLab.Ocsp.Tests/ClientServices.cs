using Microsoft.Extensions.DependencyInjection;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing;

namespace OcspLab.Ocsp.Tests;

/// <summary>A client on the test authority's clock.</summary>
internal static class ClientServices
{
    public static ServiceProvider AddOcspClientWith(
        this IServiceCollection services,
        Action<OcspClientOptions>? configure
    )
    {
        // The responses are dated by the test authority's clock, and timers by the real one.
        services.AddSingleton<TimeProvider>(new DatedTimeProvider(TestAuthority.Now));
        var options = services.AddOcspClient();
        if (configure is not null)
            options.Configure(configure);
        return services.BuildServiceProvider();
    }

    public static async Task<OcspFetch> FetchAsync(
        OcspSubject subject,
        Uri[] urls,
        Action<OcspClientOptions>? configure = null
    )
    {
        await using var services = new ServiceCollection().AddOcspClientWith(configure);
        return await services
            .GetRequiredService<IOcspClient>()
            .FetchAsync(subject, urls, new VerificationPolicy(), TestContext.Current.CancellationToken);
    }

    private sealed class DatedTimeProvider(DateTimeOffset start) : TimeProvider
    {
        private readonly long _started = System.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => start + System.GetElapsedTime(_started);
    }
}
