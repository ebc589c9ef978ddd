using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using OcspLab.Lab.Containers;

namespace OcspLab.Lab.Nginx;

/// <summary>
/// nginx in a container on a bridge network of its own, with the article's paths: it finds the responder through its
/// /etc/hosts while it reads its configuration, and through the lab's name server afterwards.
/// </summary>
public sealed partial class ContainedNginx(ContainerRuntime runtime, string image, IPAddress gateway, NginxSite site)
    : INginxLauncher
{
    /// <summary>The official image, pinned.</summary>
    public const string OfficialImage = "nginx:1.30.6";

    /// <summary>The image that <c>eng/nginx-image/build</c> makes.</summary>
    public const string LocalImage = "ocsplab-nginx";

    /// <summary>What runs the container.</summary>
    internal ContainerRuntime Runtime => runtime;

    /// <inheritdoc/>
    public string Origin => $"{image} in {runtime.Program}";

    /// <inheritdoc/>
    /// <remarks>The client of the runtime stays attached: it hands signals on, and ends when nginx does.</remarks>
    public IReadOnlyList<string> Command(params string[] arguments) =>
        [
            runtime.Program,
            "run",
            "--rm",
            "--pull",
            "never",
            // A configuration is tested beside the nginx that runs.
            .. arguments.Length == 0
                ? (string[])["--name", NameOf(site.Directory), "--publish", $"127.0.0.1:{site.Port}:{Port}"]
                : ["--name", NameOf(site.Directory) + Testing],
            "--network",
            NetworkOf(site),
            .. Hosts(site, gateway.ToString()).SelectMany(host => (string[])["--add-host", host]),
            // Where SELinux is, the lab's folder keeps its labels.
            "--security-opt",
            "label=disable",
            .. Mounts(site).SelectMany(mount => (string[])["--mount", Describe(mount)]),
            image,
            "nginx",
            .. arguments,
        ];

    /// <inheritdoc/>
    public string ReloadCommand =>
        $"test -z \"$({runtime.Program} ps --quiet --filter name='^{NameOf(site.Directory)}$')\" "
        + $"|| {runtime.Program} kill --signal HUP {NameOf(site.Directory)}";

    /// <inheritdoc/>
    public void WriteConfiguration()
    {
        NginxConfiguration.Write(site.Directory, NginxView.OfContainer(site, gateway.ToString()));
    }

    /// <inheritdoc/>
    public async Task RemoveAsync()
    {
        await RemoveAsync(runtime, NameOf(site.Directory), site.Directory).ConfigureAwait(false);
    }

    /// <summary>Puts down, before there is anything to forget, what a later lab must remove.</summary>
    /// <exception cref="LabException">The lab's folder cannot be given to a container.</exception>
    internal static void Mark(NginxSite site, ContainerRuntime runtime)
    {
        if (site.Directory.Contains(',', StringComparison.Ordinal))
            throw new LabException(
                $"{runtime.Program} cannot be given a path with a comma: {site.Directory}. Choose another "
                    + $"folder with --lab, or --nginx process."
            );
        Directory.CreateDirectory(site.Directory);
        File.WriteAllText(MarkIn(site.Directory), $"{runtime.Program}\n{NameOf(site.Directory)}\n");
    }

    /// <summary>Removes container, network and mark; the mark stays while the network may.</summary>
    internal static async Task RemoveAsync(ContainerRuntime runtime, string name, string nginxDirectory)
    {
        await runtime.RemoveContainersAsync(name + KeeperSuffix, name, name + Testing).ConfigureAwait(false);
        await runtime.RemoveNetworkAsync(name).ConfigureAwait(false);
        if (await runtime.IsNetworkGoneAsync(name).ConfigureAwait(false))
            File.Delete(MarkIn(nginxDirectory));
    }

    /// <summary>The port that nginx listens on inside.</summary>
    internal const int Port = 443;

    /// <summary>Names in the container's /etc/hosts, as the runtime's <c>--add-host</c> takes them.</summary>
    /// <param name="site">What nginx serves.</param>
    /// <param name="lab">This machine, as containers reach it.</param>
    internal static IReadOnlyList<string> Hosts(NginxSite site, string lab) =>
        [.. site.ResponderHost is { } responder ? (string[])[$"{responder}:{lab}"] : [], $"{site.HostName}:127.0.0.1"];

    /// <summary>What of the lab the container sees, and where.</summary>
    internal static IReadOnlyList<ContainerMount> Mounts(NginxSite site)
    {
        var view = NginxView.OfContainer(site, "");
        return
        [
            new(Path.Combine(site.Directory, "nginx.conf"), "/etc/nginx/nginx.conf"),
            new(Path.Combine(site.Directory, "conf.d"), view.Sites),
            new(Path.Combine(site.Directory, "html"), view.Html),
            new(site.Certificate.Key, view.Key),
            new(site.Certificate.Password, view.Password),
            new(site.Certificate.FullChain, view.Certificate),
            new(site.TrustedCertificates, view.TrustedCertificates),
            new(Path.Combine(site.Directory, "logs"), view.Logs, IsReadOnly: false),
            // The one file names the other by its path.
            .. site.KeptStaple is { } kept ? (ContainerMount[])[new(kept.Directory, kept.Directory)] : [],
        ];
    }

    /// <summary>The network that an nginx's container is in.</summary>
    internal static string NetworkOf(NginxSite site) => site.Network ?? NameOf(site.Directory);

    /// <summary>A mount as the runtime's <c>--mount</c> takes it.</summary>
    internal static string Describe(ContainerMount mount) =>
        $"type=bind,source={mount.Source},target={mount.Target}" + (mount.IsReadOnly ? ",readonly" : "");

    /// <summary>
    /// The name of an nginx's container and of its network: the same for the same folder, whoever starts it.
    /// </summary>
    internal static string NameOf(string directory)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(directory));
        return $"ocsplab-nginx-{Convert.ToHexStringLower(hash.AsSpan(0, 4))}";
    }

    /// <summary>
    /// The runtime and the container's name, when a lab in this folder runs nginx in one, or ran it and was killed.
    /// </summary>
    internal static (string Runtime, string Name)? FindMark(string nginxDirectory)
    {
        try
        {
            // The name goes to a command that removes: nothing but what this class makes.
            return
                File.ReadAllLines(MarkIn(nginxDirectory)) is [("docker" or "podman") and var runtime, var name, ..]
                && Name().IsMatch(name)
                ? (runtime, name)
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string MarkIn(string nginxDirectory) => Path.Combine(nginxDirectory, "container");

    [GeneratedRegex("^ocsplab-nginx-[0-9a-f]{8}$")]
    private static partial Regex Name();

    /// <summary>What the container of <c>keep</c> beside an nginx's has in its name.</summary>
    internal const string KeeperSuffix = "-keep";

    private const string Testing = "-test";
}

/// <summary>A file or folder of the lab inside a container.</summary>
/// <param name="Source">Its path on this machine.</param>
/// <param name="Target">Its path inside.</param>
/// <param name="IsReadOnly">Whether the container may only read it.</param>
public sealed record ContainerMount(string Source, string Target, bool IsReadOnly = true);
