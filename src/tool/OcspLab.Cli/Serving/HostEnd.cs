using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OcspLab.Lab;

namespace OcspLab.Cli.Serving;

/// <summary>The end of a host within this process.</summary>
internal static class HostEnd
{
    /// <summary>Waits until it is wanted.</summary>
    /// <exception cref="LabException">The host ended by itself: a service in it has failed.</exception>
    public static async Task WaitForEndAsync(this IHost host, CancellationToken wanted)
    {
        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(wanted, stopping);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, either.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!wanted.IsCancellationRequested)
            throw new LabException("It ended by itself: a part of it has failed.", LabFailure.Unavailable);
    }
}
