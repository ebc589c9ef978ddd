using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OcspLab.Stapling.Kestrel;

/// <summary>Says once, at start, which way stapling works here, and warns when no endpoint uses it.</summary>
internal sealed partial class StaplingAnnouncement(HandshakeStapling stapling, HttpsEndpoints endpoints, KestrelHttpsHook hook, ILoggerFactory loggers) : IHostedLifecycleService
{
    private readonly ILogger _logger = loggers.CreateLogger("OcspLab.Stapling");

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        switch (stapling.Mode)
        {
            case StaplingMode.Verified:
                Verified(_logger, RuntimeInformation.FrameworkDescription);
                break;
            case StaplingMode.RuntimeOwn:
                RuntimeOwn(_logger, RuntimeInformation.FrameworkDescription);
                break;
            default:
                Unsupported(_logger, RuntimeInformation.OSDescription);
                break;
        }

        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        hook.AfterStart();
        if (stapling.Mode == StaplingMode.Verified && endpoints.Count == 0)
            NoEndpoint(_logger);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1020, LogLevel.Information, "OCSP stapling: verified staples are handed to handshakes ({Runtime})", EventName = "StaplingVerified")]
    private static partial void Verified(ILogger logger, string runtime);

    [LoggerMessage(1021, LogLevel.Error, "OCSP stapling: {Runtime} has changed inside and takes no staples; its own, unverified stapling stays in force. Look for a newer OcspLab.Stapling.Kestrel", EventName = "StaplingRuntimeOwn")]
    private static partial void RuntimeOwn(ILogger logger, string runtime);

    [LoggerMessage(1022, LogLevel.Warning, "OCSP stapling: {System} takes no staples from outside. Windows staples by itself, macOS not at all", EventName = "StaplingUnsupported")]
    private static partial void Unsupported(ILogger logger, string system);

    [LoggerMessage(1023, LogLevel.Warning, "OCSP stapling is registered, but there is no HTTPS endpoint", EventName = "StaplingUnused")]
    private static partial void NoEndpoint(ILogger logger);
}
