using System.ComponentModel;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using OcspLab.Lab.Processes;

namespace OcspLab.Lab.Containers;

/// <summary>docker or podman, through the few commands that the lab needs and that both spell alike.</summary>
public sealed class ContainerRuntime
{
    /// <summary>The environment variable that chooses between the two; Aspire's own.</summary>
    public const string Setting = "ASPIRE_CONTAINER_RUNTIME";

    private readonly TimeProvider _clock;

    private ContainerRuntime(string program, TimeProvider clock)
    {
        Program = program;
        _clock = clock;
    }

    /// <summary><c>docker</c> or <c>podman</c>.</summary>
    public string Program { get; }

    /// <summary>A runtime that answered before.</summary>
    internal static ContainerRuntime Known(string program, TimeProvider clock) => new(program, clock);

    /// <summary>The runtime that answers, or null and why there is none.</summary>
    public static async Task<RuntimeDetection> DetectAsync(TimeProvider clock, CancellationToken cancellationToken)
    {
        var wanted = Environment.GetEnvironmentVariable(Setting) is { Length: > 0 } name ? name : null;
        if (wanted is not (null or "docker" or "podman"))
            return new RuntimeDetection(null, $"{Setting} is '{wanted}'; it names docker or podman");
        var reasons = new List<string>();
        foreach (var program in wanted is null ? ["docker", "podman"] : (string[])[wanted])
        {
            if (ChildProcess.Find(program) is null)
                continue;
            var runtime = new ContainerRuntime(program, clock);
            if (await runtime.RefusalAsync(cancellationToken).ConfigureAwait(false) is not { } refusal)
                return new RuntimeDetection(runtime, $"{program} answers");
            reasons.Add(refusal);
        }

        if (reasons.Count > 0)
            return new RuntimeDetection(null, string.Join("; ", reasons));
        return new RuntimeDetection(
            null,
            wanted is null ? "neither docker nor podman is installed" : $"{wanted} is not installed"
        );
    }

    /// <summary>Whether an image is here already.</summary>
    public async Task<bool> HasImageAsync(string image, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var seen = await RunAsync(["image", "inspect", image], cancellationToken).ConfigureAwait(false);
            // While another command changes its store it may say something else than yes or no.
            if (
                seen.ExitCode == 0
                || attempt == ImageAttempts
                || seen.Error.Contains("no such", StringComparison.OrdinalIgnoreCase)
                || seen.Error.Contains("not known", StringComparison.OrdinalIgnoreCase)
            )
                return seen.ExitCode == 0;
            await Task.Delay(TimeSpan.FromMilliseconds(500), _clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Fetches an image.</summary>
    /// <exception cref="LabException">It cannot be had.</exception>
    public Task PullAsync(string image, CancellationToken cancellationToken) =>
        MustAsync(["pull", "--quiet", image], $"the image {image} cannot be pulled", cancellationToken);

    /// <summary>Makes a bridge network, or finds the one that is there.</summary>
    /// <returns>The address by which its containers reach this machine.</returns>
    /// <exception cref="LabException">It cannot be made, or its containers do not see this machine.</exception>
    public async Task<IPAddress> EnsureNetworkAsync(string name, CancellationToken cancellationToken)
    {
        if (await FindGatewayAsync(name, cancellationToken).ConfigureAwait(false) is { } known)
            return known;
        await MustAsync(
                ["network", "create", "--label", "ocsplab=lab", name],
                $"the network {name} cannot be made",
                cancellationToken
            )
            .ConfigureAwait(false);
        var gateway = await FindGatewayAsync(name, cancellationToken).ConfigureAwait(false)
            ?? throw new LabException($"{Program}: the network {name} has no gateway that the lab could listen on.");
        // docker makes the bridge at once. Where it is not here, the containers run in a machine of their own.
        return Program != "docker" || HasAddress(gateway) ? gateway : throw new LabException(FarAway);
    }

    /// <summary>
    /// Where a service must listen to be reached as <c>host-gateway</c>, or null and why it cannot be.
    /// </summary>
    public async Task<HostGateway> FindHostGatewayAsync(CancellationToken cancellationToken)
    {
        if (Program == "docker")
        {
            var gateway = await FindGatewayAsync("bridge", cancellationToken).ConfigureAwait(false);
            return gateway is not null && HasAddress(gateway)
                ? new HostGateway(gateway, "")
                : new HostGateway(null, FarAway);
        }

        // Each of podman's networks has a gateway of its own, made with the network.
        var version = await RunAsync(["version", "--format", "{{.Client.Version}}"], cancellationToken)
            .ConfigureAwait(false);
        return Version.TryParse(version.Output.Trim().Split('-')[0], out var number) && number >= HostGatewayInPodman
            ? new HostGateway(IPAddress.Any, "")
            : new HostGateway(
                null,
                $"podman {version.Output.Trim()} does not know host-gateway; {HostGatewayInPodman} does"
            );
    }

    /// <summary>Whether a container runs.</summary>
    public async Task<bool> IsRunningAsync(string name, CancellationToken cancellationToken) =>
        (await RunAsync(["ps", "--quiet", "--filter", $"name=^{name}$"], cancellationToken).ConfigureAwait(false))
            .Output.Trim()
            .Length > 0;

    /// <summary>Ends and removes containers; nothing happens when there are none.</summary>
    public async Task RemoveContainersAsync(params string[] names)
    {
        // One by one: podman leaves the others where it does not know the first.
        foreach (var name in names)
            await TryAsync(["rm", "--force", "--volumes", "--", name]).ConfigureAwait(false);
    }

    /// <summary>Removes a network; nothing happens when there is none.</summary>
    public Task RemoveNetworkAsync(string name) => TryAsync(["network", "rm", "--", name]);

    /// <summary>
    /// Whether the runtime says that a network is not there; a runtime that does not answer knows nothing.
    /// </summary>
    public async Task<bool> IsNetworkGoneAsync(string name)
    {
        var list = await TryAsync(["network", "ls", "--format", "{{.Name}}"]).ConfigureAwait(false);
        return list is { ExitCode: 0 } && !list.Output.Split('\n', StringSplitOptions.TrimEntries).Contains(name);
    }

    /// <summary>Asks a container to end, as its image wants it to be asked.</summary>
    /// <exception cref="LabException">There is none.</exception>
    public Task StopContainerAsync(string name, CancellationToken cancellationToken) =>
        MustAsync(["stop", "-t", "5", "--", name], $"the container {name} cannot be stopped", cancellationToken);

    private async Task<IPAddress?> FindGatewayAsync(string network, CancellationToken cancellationToken)
    {
        // A gateway a line; the two have different words for it.
        var format =
            Program == "docker"
                ? "{{range .IPAM.Config}}{{println .Gateway}}{{end}}"
                : "{{range .Subnets}}{{println .Gateway}}{{end}}";
        var found = await RunAsync(["network", "inspect", network, "--format", format], cancellationToken)
            .ConfigureAwait(false);
        return found.ExitCode != 0
            ? null
            : found
                .Output.Split('\n', StringSplitOptions.TrimEntries)
                .Select(line => IPAddress.TryParse(line.Split('/')[0], out var address) ? address : null)
                .FirstOrDefault(address => address?.AddressFamily == AddressFamily.InterNetwork);
    }

    private async Task<string?> RefusalAsync(CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(CommandTimeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            var info = await RunAsync(
                    ["info", "--format", Program == "docker" ? "{{.ServerVersion}}" : "{{.Host.Security.Rootless}}"],
                    either.Token
                )
                .ConfigureAwait(false);
            return (info.ExitCode, info.Output.Trim(), Program) switch
            {
                (not 0, _, _) or (_, "", _) => $"{Program} is there and does not answer: {LastLine(info.Error)}",
                (_, "true", "podman") =>
                    "podman runs rootless here: its containers cannot reach the lab's name server and responder",
                _ => null,
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{Program} did not answer within {CommandTimeout.TotalSeconds:0} s";
        }
        catch (LabException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>Runs what must not keep the lab from going down.</summary>
    /// <returns>Null when the runtime is not there, or does not answer in time.</returns>
    private async Task<CommandResult?> TryAsync(string[] arguments)
    {
        using var timer = new CancellationTokenSource(RemovalTimeout, _clock);
        try
        {
            return await RunAsync(arguments, timer.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or LabException)
        {
            return null;
        }
    }

    private async Task MustAsync(string[] arguments, string failure, CancellationToken cancellationToken)
    {
        var result = await RunAsync(arguments, cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0)
            throw new LabException($"{Program}: {failure}: {LastLine(result.Error)}");
    }

    private async Task<CommandResult> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await ChildProcess.RunAsync(Program, arguments, null, cancellationToken).ConfigureAwait(false);
        }
        catch (Win32Exception exception)
        {
            throw new LabException(
                $"{Program} cannot be started: {exception.Message}",
                LabFailure.Unavailable,
                exception
            );
        }
    }

    private static bool HasAddress(IPAddress address) =>
        NetworkInterface
            .GetAllNetworkInterfaces()
            .SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Any(unicast => unicast.Address.Equals(address));

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault()
        ?? "no message";

    private const string FarAway =
        "docker runs rootless or in a virtual machine: its containers cannot reach this machine's name server and "
        + "responder";
    private static readonly Version HostGatewayInPodman = new(4, 7);
    private const int ImageAttempts = 3;
    private static readonly TimeSpan RemovalTimeout = TimeSpan.FromSeconds(20);
    // podman reads its whole store first; on a machine that has much else to do that was seen to take ten.
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(30);
}

/// <summary>What became of looking for a runtime.</summary>
/// <param name="Runtime">The one that answers, or null.</param>
/// <param name="Reason">Which answers, or why none does.</param>
public sealed record RuntimeDetection(ContainerRuntime? Runtime, string Reason);

/// <summary>Where a service must listen to be reached as <c>host-gateway</c>.</summary>
/// <param name="Address">The address, or null.</param>
/// <param name="Reason">Why there is none.</param>
public sealed record HostGateway(IPAddress? Address, string Reason);
