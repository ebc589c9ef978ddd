using System.Net;
using OcspLab.Pki;

namespace OcspLab.Lab;

/// <summary>What the lab does about nginx.</summary>
/// <param name="Launcher">How it is run, or null to go without.</param>
/// <param name="Reason">Why so.</param>
/// <param name="Gateway">The address by which its container reaches this machine, or null when it runs on it.</param>
public sealed record NginxPlan(INginxLauncher? Launcher, string Reason, IPAddress? Gateway = null);

/// <summary>Chooses where nginx comes from: a container where a runtime answers and has an image or can have one, else a process, else none.</summary>
/// <param name="topology">The lab.</param>
/// <param name="clock">The time.</param>
/// <param name="progress">Is told what takes long.</param>
public sealed class NginxPlanner(LabTopology topology, TimeProvider clock, Action<string> progress)
{
    /// <summary>Chooses, fetches what is missing, writes the configuration and has nginx test it.</summary>
    /// <exception cref="LabException">What was asked for explicitly cannot be had, or nginx refuses its configuration.</exception>
    public async Task<NginxPlan> PrepareAsync(CertificateFiles certificate, CancellationToken cancellationToken)
    {
        switch (topology.NginxSource)
        {
            case NginxSource.Off:
                return new NginxPlan(null, "left out (--nginx off)");
            case NginxSource.Container:
                var (asked, refusal) = await ContainerRuntime.DetectAsync(clock, cancellationToken).ConfigureAwait(false);
                return asked is not null
                    ? await InContainerAsync(asked, certificate, PatientPull, cancellationToken).ConfigureAwait(false)
                    : throw new LabException($"nginx cannot run in a container: {refusal}. Try --nginx process.");
            case NginxSource.Process:
                return await AsProcessAsync(certificate, cancellationToken).ConfigureAwait(false);
        }

        var (runtime, reason) = await ContainerRuntime.DetectAsync(clock, cancellationToken).ConfigureAwait(false);
        try
        {
            if (runtime is not null)
                return await InContainerAsync(runtime, certificate, AutomaticPull, cancellationToken).ConfigureAwait(false);
        }
        catch (LabException exception)
        {
            reason = exception.Message;
        }

        progress($"nginx: not in a container, because {reason}");
        try
        {
            return await AsProcessAsync(certificate, cancellationToken).ConfigureAwait(false);
        }
        catch (LabException exception) when (exception.ExitCode == ExitCodes.Unreachable)
        {
            return new NginxPlan(null, exception.Message);
        }
    }

    /// <summary>The container to have an orchestrator run, or null and why not.</summary>
    /// <exception cref="LabException">A container was asked for explicitly and there cannot be one.</exception>
    public async Task<(NginxRecipe? Recipe, string Reason)> FindRecipeAsync(CertificateFiles certificate, CancellationToken cancellationToken)
    {
        if (topology.NginxSource is NginxSource.Off or NginxSource.Process)
            return (null, $"--nginx {topology.NginxSource.ToString().ToLowerInvariant()}");
        var (runtime, reason) = await ContainerRuntime.DetectAsync(clock, cancellationToken).ConfigureAwait(false);
        if (runtime is not null)
        {
            (var gateway, reason) = await runtime.FindHostGatewayAsync(cancellationToken).ConfigureAwait(false);
            if (gateway is not null)
            {
                (var image, reason) = await FindOrPullAsync(runtime, cancellationToken).ConfigureAwait(false);
                if (image is not null)
                    return (new NginxRecipe(image, gateway, topology, certificate), reason);
            }
        }

        return topology.NginxSource == NginxSource.Container
            ? throw new LabException($"nginx cannot run in a container: {reason}. Try --nginx process.")
            : (null, reason);
    }

    /// <summary>What <see cref="PrepareAsync"/> would do, found out without fetching or writing anything.</summary>
    public async Task<string> ExplainAsync(CancellationToken cancellationToken)
    {
        if (topology.NginxSource == NginxSource.Off)
            return "left out (--nginx off)";
        var process = new NginxLocator(NginxLocator.DefaultCacheDirectory, _ => { }).FindWithoutDownload() is { } binary
            ? $"a process: {binary.Origin} ({binary.Path})"
            : ChildProcess.Find("apt-get") is null ? "none: install nginx, docker or podman" : "a process: the distribution's package, unpacked on first use, without installing it";
        if (topology.NginxSource == NginxSource.Process)
            return process;
        var (runtime, reason) = await ContainerRuntime.DetectAsync(clock, cancellationToken).ConfigureAwait(false);
        if (runtime is null)
            return topology.NginxSource == NginxSource.Container ? $"none: {reason}" : $"{process} (no container: {reason})";
        return await FindImageAsync(runtime, cancellationToken).ConfigureAwait(false) is { } image
            ? $"a container: {image} in {runtime.Program}"
            : $"a container: {WantedImage} in {runtime.Program}, if it can be pulled{(topology.NginxSource == NginxSource.Container ? "" : $"; else {process}")}";
    }

    private async Task<NginxPlan> InContainerAsync(ContainerRuntime runtime, CertificateFiles certificate, TimeSpan patience, CancellationToken cancellationToken)
    {
        var image = await FindImageAsync(runtime, cancellationToken).ConfigureAwait(false);
        if (image is null)
            await PullAsync(runtime, image = WantedImage, patience, cancellationToken).ConfigureAwait(false);
        ContainedNginx.Mark(topology, runtime);
        try
        {
            var gateway = await runtime.EnsureNetworkAsync(ContainedNginx.NameOf(topology), cancellationToken).ConfigureAwait(false);
            var launcher = new ContainedNginx(runtime, image, gateway, topology, certificate);
            await TestAsync(launcher, cancellationToken).ConfigureAwait(false);
            return new NginxPlan(launcher, launcher.Origin, gateway);
        }
        catch
        {
            await ContainedNginx.RemoveAsync(runtime, ContainedNginx.NameOf(topology), topology.NginxDirectory).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<NginxPlan> AsProcessAsync(CertificateFiles certificate, CancellationToken cancellationToken)
    {
        var (binary, reason) = await new NginxLocator(NginxLocator.DefaultCacheDirectory, progress).LocateAsync(cancellationToken).ConfigureAwait(false);
        if (binary is null)
            throw new LabException(reason);
        var view = await HostsViews.DetectAsync(cancellationToken).ConfigureAwait(false);
        if (view == HostsView.None)
            progress("nginx: no private /etc/hosts on this machine (unshare is missing or forbidden), so ssl_stapling_responder tells it the responder's address");
        var launcher = new LocalNginx(binary, view, topology, certificate);
        await TestAsync(launcher, cancellationToken).ConfigureAwait(false);
        return new NginxPlan(launcher, binary.Origin);
    }

    private async Task TestAsync(INginxLauncher launcher, CancellationToken cancellationToken)
    {
        progress($"nginx: {launcher.Origin}");
        launcher.WriteConfiguration();
        foreach (var warning in await NginxProcess.TestAsync(launcher, topology.NginxDirectory, cancellationToken).ConfigureAwait(false))
            progress($"nginx -t: {warning}");
    }

    private async Task<(string? Image, string Reason)> FindOrPullAsync(ContainerRuntime runtime, CancellationToken cancellationToken)
    {
        try
        {
            if (await FindImageAsync(runtime, cancellationToken).ConfigureAwait(false) is { } image)
                return (image, "");
            await PullAsync(runtime, WantedImage, AutomaticPull, cancellationToken).ConfigureAwait(false);
            return (WantedImage, "");
        }
        catch (LabException exception)
        {
            return (null, exception.Message);
        }
    }

    private async Task PullAsync(ContainerRuntime runtime, string image, TimeSpan patience, CancellationToken cancellationToken)
    {
        progress($"nginx: {runtime.Program} pulls {image}");
        using var timer = new CancellationTokenSource(patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await runtime.PullAsync(image, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LabException($"the image {image} could not be pulled within {patience.TotalMinutes:0} minutes");
        }
        catch (LabException exception)
        {
            throw new LabException($"{exception.Message.TrimEnd('.')}. Without a registry, eng/nginx-image/build makes an image from the distribution's packages.", exception.ExitCode, exception);
        }
    }

    // What is here already comes first, the wanted one before the home-made one.
    private async Task<string?> FindImageAsync(ContainerRuntime runtime, CancellationToken cancellationToken)
    {
        foreach (var image in topology.NginxImage is { } wanted ? [wanted] : (string[])[ContainedNginx.OfficialImage, ContainedNginx.LocalImage])
        {
            if (await runtime.HasImageAsync(image, cancellationToken).ConfigureAwait(false))
                return image;
        }

        return null;
    }

    private string WantedImage => topology.NginxImage ?? ContainedNginx.OfficialImage;

    private static readonly TimeSpan AutomaticPull = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan PatientPull = TimeSpan.FromMinutes(10);
}
