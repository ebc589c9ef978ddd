using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OcspLab.Pki;

namespace OcspLab.Lab.Services;

/// <summary>
/// Has the authority make the OCSP signer anew long before it ends. The responder notices the new files by itself.
/// </summary>
public sealed class SignerRenewal(LabPki pki, TimeProvider clock, ILogger<SignerRenewal> logger) : BackgroundService
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
                    logger.SignerRenewed(pki.OcspSigner.Certificate);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // A third of its life is left, and somebody else may be at work in the folder: next time.
                logger.SignerRenewalFailed(exception.Message);
            }
        }
    }

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);
}
