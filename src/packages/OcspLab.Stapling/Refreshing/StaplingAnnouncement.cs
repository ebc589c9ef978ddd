using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;

namespace OcspLab.Stapling.Refreshing;

/// <summary>
/// Says once, at start, whether staples reach handshakes here, where they are kept, and which settings are none.
/// </summary>
internal sealed class StaplingAnnouncement(
    HandOffStatus handOff,
    StoreChoice store,
    StoreThreads threads,
    IConfiguration configuration,
    TimeProvider clock,
    ILoggerFactory loggers
) : IHostedLifecycleService
{
    private readonly ILogger _logger = loggers.CreateLogger(StaplingLog.Category);

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        switch (handOff.State)
        {
            case { Mode: HandOffMode.RuntimeOwn, Obstacle: var why }:
                _logger.RuntimeOwn(why!);
                break;
            case { Mode: HandOffMode.Unproven, Obstacle: var why }:
                _logger.Unproven(why!);
                break;
            case { Mode: HandOffMode.Unsupported }:
                _logger.Unsupported(RuntimeInformation.OSDescription);
                break;
            default:
                _logger.Verified(RuntimeInformation.FrameworkDescription);
                break;
        }

        using var timer = new CancellationTokenSource(StoreTimeout, clock);
        if (await store.FindObstacleAsync(threads, timer.Token).ConfigureAwait(false) is { } obstacle)
            _logger.StaplesNotKept(obstacle);
        else
            _logger.StaplesKept(store.Place!);
    }

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        // A warning and not the end: an older version may run with the settings of a newer one for a while.
        var section = configuration.GetSection(StaplingOptions.Section);
        Warn("", section, Known);
        Warn("Fetch:", section.GetSection("Fetch"), KnownOfClients);
        foreach (var client in section.GetSection("Clients").GetChildren())
            Warn($"Clients:{client.Key}:", client, KnownOfClients);
        foreach (var certificate in section.GetSection(nameof(StaplingOptions.Certificates)).GetChildren())
            Warn($"Certificates:{certificate.Key}:", certificate, KnownOfCertificates);
        Warn("Verification:", section.GetSection(nameof(StaplingOptions.Verification)), KnownOfVerification);
        return Task.CompletedTask;
    }

    private void Warn(string path, IConfigurationSection section, string[] known)
    {
        foreach (
            var child in section
                .GetChildren()
                .Where(child => !known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
        )
            _logger.SettingUnknown(path + child.Key, string.Join(", ", known));
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static readonly TimeSpan StoreTimeout = TimeSpan.FromSeconds(5);

    private static readonly string[] Known =
    [
        .. NamesOf<StaplingOptions>()
            .Except([nameof(StaplingOptions.Events)])
            .Append("Fetch")
            .Append("Clients")
            .Order(),
    ];

    private static readonly string[] KnownOfClients = [.. NamesOf<OcspClientOptions>()];
    private static readonly string[] KnownOfCertificates = [.. NamesOf<CertificateStaplingOptions>()];
    private static readonly string[] KnownOfVerification =
    [
        .. NamesOf<VerificationPolicy>().Except([nameof(VerificationPolicy.Nonce)]),
    ];

    private static IEnumerable<string> NamesOf<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T
    >() => typeof(T).GetProperties().Select(property => property.Name).Order();
}
