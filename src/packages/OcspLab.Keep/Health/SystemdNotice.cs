using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using OcspLab.Keep.Keeping;

namespace OcspLab.Keep.Health;

/// <summary>
/// Tells systemd that the service is ready, stops, and, where its unit has a <c>WatchdogSec</c>
/// (sd_watchdog_enabled(3)), twice as often as that that it is alive: it has looked at a certificate not long ago.
/// </summary>
internal sealed class SystemdNotice(ISystemdNotifier systemd, Keeper keeper, TimeProvider clock) : BackgroundService
{
    public override Task StopAsync(CancellationToken cancellationToken)
    {
        systemd.Notify(ServiceState.Stopping);
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!systemd.IsEnabled)
            return;
        systemd.Notify(ServiceState.Ready);
        if (
            !long.TryParse(
                Environment.GetEnvironmentVariable("WATCHDOG_USEC"),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var microseconds
            )
            || microseconds < 2
        )
            return;
        using var timer = new PeriodicTimer(TimeSpan.FromMicroseconds(microseconds / 2.0), clock);
        try
        {
            do
            {
                if (clock.GetElapsedTime(keeper.LookedAt) < Patience)
                    systemd.Notify(new ServiceState("WATCHDOG=1"));
            } while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    // A command of the administrator's may take ten minutes.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(11);
}
