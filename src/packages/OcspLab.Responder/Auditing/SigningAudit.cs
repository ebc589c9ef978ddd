using OcspLab.Responder.Authorities;

namespace OcspLab.Responder.Auditing;

/// <summary>Tells the audit log once a minute how many responses were signed, and by whom.</summary>
internal sealed class SigningAudit(
    AuthorityDirectory authorities,
    AuditLog audit,
    TimeProvider clock,
    ILogger<SigningAudit> logger
) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
                Tell();
        }
        catch (OperationCanceledException)
        {
            // The end.
        }

        Tell();
    }

    private void Tell()
    {
        foreach (var authority in authorities.All)
        {
            foreach (var (signer, count) in authority.TakeSigned())
            {
                try
                {
                    audit.Append($"signer {signer}", $"signed {count} responses of {authority.Name}");
                }
                catch (IOException exception)
                {
                    logger.AuditFailed(exception.Message);
                }
            }
        }
    }

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
}
