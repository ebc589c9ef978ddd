using System.Net;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Nginx;

/// <summary>An nginx that is ready to be run.</summary>
/// <param name="Launcher">How it is run, or null to go without.</param>
/// <param name="Reason">Why so.</param>
/// <param name="Gateway">The address by which its container reaches this machine, or null when it runs on it.</param>
public sealed record ProvidedNginx(INginxLauncher? Launcher, string Reason, IPAddress? Gateway = null);

/// <summary>
/// The same for an orchestrator, which makes containers and networks itself. At most one of the two is there.
/// </summary>
/// <param name="Container">What to run in a container, or null.</param>
/// <param name="Process">What to run as a process, or null.</param>
/// <param name="Reason">Why there is neither.</param>
public sealed record OrchestratedNginx(NginxRecipe? Container, LocalNginx? Process, string Reason);

/// <summary>
/// Carries a plan out: fetches what is missing and falls back to the next way where one does not work.
/// </summary>
/// <param name="site">What it shall serve.</param>
/// <param name="clock">The time.</param>
/// <param name="progress">Is told what takes long.</param>
public sealed class NginxProvisioner(NginxSite site, TimeProvider clock, Action<string> progress)
{
    /// <summary>Writes the configuration, has nginx test it, and gives what runs it.</summary>
    /// <exception cref="LabException">
    /// What was asked for explicitly cannot be had, or nginx refuses its configuration.
    /// </exception>
    public Task<ProvidedNginx> ProvideAsync(NginxPlan plan, CancellationToken cancellationToken) =>
        TryInOrderAsync(
            plan,
            container => RunContainerAsync(container, PullTimeout(plan), cancellationToken),
            executable => RunExecutableAsync(executable, cancellationToken),
            reason => new ProvidedNginx(null, reason)
        );

    /// <summary>Gives what an orchestrator is to run; it writes the configuration when it starts that.</summary>
    /// <exception cref="LabException">What was asked for explicitly cannot be had.</exception>
    public Task<OrchestratedNginx> ProvideForOrchestratorAsync(NginxPlan plan, CancellationToken cancellationToken) =>
        TryInOrderAsync(
            plan,
            container => DescribeContainerAsync(container, cancellationToken),
            async executable => new OrchestratedNginx(
                null,
                await LocateAsync(executable, cancellationToken).ConfigureAwait(false),
                ""
            ),
            reason => new OrchestratedNginx(null, null, reason)
        );

    /// <summary>What a manifest is to say, which is for another machine: what this one has does not matter.</summary>
    /// <param name="source">What was asked for.</param>
    /// <param name="image">The image of a container, or null for the official one.</param>
    public OrchestratedNginx ProvideForManifest(NginxSource source, string? image) =>
        source switch
        {
            NginxSource.Off => new OrchestratedNginx(null, null, NginxPlan.LeftOut),
            NginxSource.Process => new OrchestratedNginx(
                null,
                new LocalNginx(new NginxBinary("nginx", "on PATH"), HostsView.None, site),
                ""
            ),
            _ => new OrchestratedNginx(
                new NginxRecipe(image ?? ContainedNginx.OfficialImage, IPAddress.Any, site),
                null,
                ""
            ),
        };

    private async Task<T> TryInOrderAsync<T>(
        NginxPlan plan,
        Func<NginxContainer, Task<T>> contain,
        Func<NginxExecutable, Task<T>> execute,
        Func<string, T> leaveOut
    )
    {
        if (plan.Source == NginxSource.Container && plan.NoContainer is { } why)
            throw new LabException($"nginx cannot run in a container: {why}. Try --nginx process.");
        if (plan is { Source: NginxSource.Auto, NoContainer: { } reason })
            progress($"nginx: not in a container, because {reason}");
        var last = NginxPlan.LeftOut;
        foreach (var option in plan.Options)
        {
            try
            {
                return option is NginxContainer container
                    ? await contain(container).ConfigureAwait(false)
                    : await execute((NginxExecutable)option).ConfigureAwait(false);
            }
            catch (LabException exception) when (plan.IsOptional && option is NginxContainer)
            {
                progress($"nginx: not in a container, because {exception.Message}");
                last = exception.Message;
            }
            catch (LabException exception) when (plan.IsOptional && exception.Failure == LabFailure.Unavailable)
            {
                last = exception.Message;
            }
        }

        if (plan.Options.Count == 0 && plan.Source != NginxSource.Off)
            last = NginxLocator.NotHere;
        return plan.IsOptional ? leaveOut(last) : throw new LabException(last);
    }

    private async Task<ProvidedNginx> RunContainerAsync(
        NginxContainer container,
        TimeSpan pullTimeout,
        CancellationToken cancellationToken
    )
    {
        var runtime = container.Runtime;
        await PullAsync(container, pullTimeout, cancellationToken).ConfigureAwait(false);
        ContainedNginx.Mark(site, runtime);
        var name = ContainedNginx.NameOf(site.Directory);
        try
        {
            var gateway = await runtime
                .EnsureNetworkAsync(ContainedNginx.NetworkOf(site), cancellationToken)
                .ConfigureAwait(false);
            var launcher = new ContainedNginx(runtime, container.Image.Name, gateway, site);
            await TestAsync(launcher, cancellationToken).ConfigureAwait(false);
            return new ProvidedNginx(launcher, launcher.Origin, gateway);
        }
        catch
        {
            await ContainedNginx.RemoveAsync(runtime, name, site.Directory).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<OrchestratedNginx> DescribeContainerAsync(
        NginxContainer container,
        CancellationToken cancellationToken
    )
    {
        var (gateway, reason) = await container.Runtime.FindHostGatewayAsync(cancellationToken).ConfigureAwait(false);
        if (gateway is null)
            throw new LabException(reason);
        await PullAsync(container, AutomaticPullTimeout, cancellationToken).ConfigureAwait(false);
        return new OrchestratedNginx(new NginxRecipe(container.Image.Name, gateway, site), null, "");
    }

    private async Task<ProvidedNginx> RunExecutableAsync(
        NginxExecutable executable,
        CancellationToken cancellationToken
    )
    {
        var launcher = await LocateAsync(executable, cancellationToken).ConfigureAwait(false);
        await TestAsync(launcher, cancellationToken).ConfigureAwait(false);
        return new ProvidedNginx(launcher, launcher.Origin);
    }

    private async Task<LocalNginx> LocateAsync(NginxExecutable executable, CancellationToken cancellationToken)
    {
        var binary = executable.Binary;
        if (binary is null)
        {
            var locator = new NginxLocator(NginxLocator.DefaultCacheDirectory, progress);
            (binary, var reason) = await locator.LocateAsync(cancellationToken).ConfigureAwait(false);
            if (binary is null)
                throw new LabException(reason);
        }

        var view = await HostsViews.DetectAsync(cancellationToken).ConfigureAwait(false);
        if (view == HostsView.None)
            progress(
                "nginx: no private /etc/hosts on this machine (unshare is missing or forbidden), so "
                    + "ssl_stapling_responder tells it the responder's address"
            );
        return new LocalNginx(binary, view, site);
    }

    private async Task TestAsync(INginxLauncher launcher, CancellationToken cancellationToken)
    {
        progress($"nginx: {launcher.Origin}");
        launcher.WriteConfiguration();
        foreach (
            var warning in await NginxProcess
                .TestAsync(launcher, site.Directory, cancellationToken)
                .ConfigureAwait(false)
        )
            progress($"nginx -t: {warning}");
    }

    private async Task PullAsync(NginxContainer container, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (container.Image.IsPresent)
            return;
        var image = container.Image.Name;
        progress($"nginx: {container.Runtime.Program} pulls {image}");
        using var timer = new CancellationTokenSource(timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await container.Runtime.PullAsync(image, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LabException($"the image {image} could not be pulled within {timeout.TotalMinutes:0} minutes");
        }
        catch (LabException exception)
        {
            throw new LabException(
                $"{exception.Message.TrimEnd('.')}. Without a registry, eng/nginx-image/build makes an image from "
                    + $"the distribution's packages.",
                exception.Failure,
                exception
            );
        }
    }

    private static TimeSpan PullTimeout(NginxPlan plan) =>
        plan.Source == NginxSource.Container ? RequestedPullTimeout : AutomaticPullTimeout;

    private static readonly TimeSpan AutomaticPullTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan RequestedPullTimeout = TimeSpan.FromMinutes(10);
}
