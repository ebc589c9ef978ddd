using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OcspLab.Pki;

namespace OcspLab.Lab.Hosting;

/// <summary>
/// Has the authority make the OCSP signer anew long before it ends. The responder notices the new files by itself.
/// </summary>
public sealed partial class SignerRenewal(LabPki pki, TimeProvider clock, ILogger<SignerRenewal> logger)
    : BackgroundService
{
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The boundary: whatever the folder does, the next attempt must come."
    )]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                if (pki.RenewOcspSigner())
                    Renewed(logger, pki.OcspSigner.Certificate);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // A third of its life is left, and somebody else may be at work in the folder: next time.
                RenewalFailed(logger, exception.Message);
            }
        }
    }

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    [LoggerMessage(
        3001,
        LogLevel.Information,
        "The OCSP signer was made anew: {Certificate}",
        EventName = "SignerRenewed"
    )]
    private static partial void Renewed(ILogger logger, string certificate);

    [LoggerMessage(
        3002,
        LogLevel.Warning,
        "The OCSP signer could not be made anew: {Why}",
        EventName = "SignerRenewalFailed"
    )]
    private static partial void RenewalFailed(ILogger logger, string why);
}
