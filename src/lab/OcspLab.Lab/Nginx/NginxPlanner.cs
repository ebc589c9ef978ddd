using OcspLab.Lab.Containers;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Nginx;

/// <summary>
/// Looks where nginx may come from: a container where a runtime answers, else a process, else nowhere. Nothing is
/// fetched or written.
/// </summary>
/// <param name="source">What is asked for.</param>
/// <param name="wantedImage">The image of a container, or null for the official one, or the one that is here.</param>
/// <param name="clock">The time.</param>
public sealed class NginxPlanner(NginxSource source, string? wantedImage, TimeProvider clock)
{
    /// <summary>Looks.</summary>
    public async Task<NginxPlan> PlanAsync(CancellationToken cancellationToken)
    {
        if (source == NginxSource.Off)
            return new NginxPlan(source, []);
        if (source == NginxSource.Process)
            return new NginxPlan(source, Executables());
        var (runtime, reason) = await ContainerRuntime.DetectAsync(clock, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<NginxOption> processes = source == NginxSource.Auto ? Executables() : [];
        if (runtime is null)
            return new NginxPlan(source, processes, reason);
        var image = await FindImageAsync(runtime, cancellationToken).ConfigureAwait(false);
        return new NginxPlan(source, [new NginxContainer(runtime, image), .. processes]);
    }

    private static NginxOption[] Executables()
    {
        if (new NginxLocator(NginxLocator.DefaultCacheDirectory, _ => { }).FindWithoutDownload() is { } binary)
            return [new NginxExecutable(binary)];
        return ChildProcess.Find("apt-get") is null ? [] : [new NginxExecutable(null)];
    }

    // What is here already comes first, the wanted one before the home-made one.
    private async Task<NginxImage> FindImageAsync(ContainerRuntime runtime, CancellationToken cancellationToken)
    {
        string[] images = wantedImage is { } wanted
            ? [wanted]
            : [ContainedNginx.OfficialImage, ContainedNginx.LocalImage];
        foreach (var image in images)
        {
            if (await runtime.HasImageAsync(image, cancellationToken).ConfigureAwait(false))
                return new NginxImage(image, IsPresent: true);
        }

        return new NginxImage(images[0], IsPresent: false);
    }
}
