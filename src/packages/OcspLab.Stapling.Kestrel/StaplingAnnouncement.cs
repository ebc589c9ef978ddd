using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OcspLab.Stapling.Kestrel;

/// <summary>Says once, at start, which way stapling works here, and warns when no endpoint uses it.</summary>
internal sealed partial class StaplingAnnouncement(HandshakeStapling stapling, RuntimeQuestions questions, HttpsEndpoints endpoints, KestrelHttpsHook hook, ILoggerFactory loggers) : IHostedLifecycleService
{
    private readonly ILogger _logger = loggers.CreateLogger("OcspLab.Stapling");

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        switch (stapling.Mode)
        {
            case StaplingMode.Direct:
                Direct(_logger, RuntimeInformation.FrameworkDescription);
                break;
            case StaplingMode.ThroughRuntime:
                await questions.StartAsync(cancellationToken).ConfigureAwait(false);
                ThroughRuntime(_logger, RuntimeInformation.FrameworkDescription);
                break;
            case StaplingMode.RuntimeOwn:
                RuntimeOwn(_logger, RuntimeInformation.FrameworkDescription);
                break;
            default:
                Unsupported(_logger, RuntimeInformation.OSDescription);
                break;
        }
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        hook.AfterStart();
        if (stapling.IsHandingOver && endpoints.Count == 0)
            NoEndpoint(_logger);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1020, LogLevel.Information, "OCSP stapling: verified staples are handed to handshakes ({Runtime})", EventName = "StaplingVerified")]
    private static partial void Direct(ILogger logger, string runtime);

    [LoggerMessage(1021, LogLevel.Error, "OCSP stapling: Kestrel of {Runtime} has changed inside and cannot be attached to; its own, unverified stapling stays in force. Look for a newer OcspLab.Stapling.Kestrel", EventName = "StaplingRuntimeOwn")]
    private static partial void RuntimeOwn(ILogger logger, string runtime);

    [LoggerMessage(1025, LogLevel.Warning, "OCSP stapling: verified staples reach handshakes through the runtime's own fetching ({Runtime}), by public API alone. The first handshakes after a change may go without", EventName = "StaplingThroughRuntime")]
    private static partial void ThroughRuntime(ILogger logger, string runtime);

    [LoggerMessage(1022, LogLevel.Warning, "OCSP stapling: {System} takes no staples from outside. Windows staples by itself, macOS not at all", EventName = "StaplingUnsupported")]
    private static partial void Unsupported(ILogger logger, string system);

    [LoggerMessage(1023, LogLevel.Warning, "OCSP stapling is registered, but there is no HTTPS endpoint", EventName = "StaplingUnused")]
    private static partial void NoEndpoint(ILogger logger);
}
