using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using OcspLab.Lab.Containers;
using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.Lab.Nginx;

/// <summary>
/// nginx in a container on a bridge network of its own, with the article's paths: it finds the responder through its
/// /etc/hosts while it reads its configuration, and through the lab's name server afterwards.
/// </summary>
public sealed partial class ContainedNginx(
    ContainerRuntime runtime,
    string image,
    IPAddress gateway,
    LabTopology topology,
    CertificateFiles certificate
) : INginxLauncher
{
    /// <summary>The official image, pinned.</summary>
    public const string OfficialImage = "nginx:1.30.6";

    /// <summary>The image that <c>eng/nginx-image/build</c> makes.</summary>
    public const string LocalImage = "ocsplab-nginx";

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
                ? (string[])["--name", NameOf(topology), "--publish", $"127.0.0.1:{topology.Ports.Nginx}:{Port}"]
                : ["--name", NameOf(topology) + Testing],
            "--network",
            NameOf(topology),
            .. Hosts(gateway.ToString()).SelectMany(host => (string[])["--add-host", host]),
            // Where SELinux is, the lab's folder keeps its labels.
            "--security-opt",
            "label=disable",
            .. Mounts(topology, certificate).SelectMany(mount => (string[])["--mount", Describe(mount)]),
            image,
            "nginx",
            .. arguments,
        ];

    /// <inheritdoc/>
    public void WriteConfiguration()
    {
        NginxConfiguration.Write(topology.NginxDirectory, NginxView.OfContainer($"{gateway}:{topology.Ports.Dns}"));
    }

    /// <inheritdoc/>
    public async Task RemoveAsync()
    {
        await RemoveAsync(runtime, NameOf(topology), topology.NginxDirectory).ConfigureAwait(false);
    }

    /// <summary>Puts down, before there is anything to forget, what a later lab must remove.</summary>
    /// <exception cref="LabException">The lab's folder cannot be given to a container.</exception>
    internal static void Mark(LabTopology topology, ContainerRuntime runtime)
    {
        if (topology.Directory.Contains(',', StringComparison.Ordinal))
            throw new LabException(
                $"{runtime.Program} cannot be given a path with a comma: {topology.Directory}. Choose another "
                    + $"folder with --lab, or --nginx process."
            );
        Directory.CreateDirectory(topology.NginxDirectory);
        File.WriteAllText(MarkIn(topology.NginxDirectory), $"{runtime.Program}\n{NameOf(topology)}\n");
    }

    /// <summary>Removes container, network and mark; the mark stays while the network may.</summary>
    internal static async Task RemoveAsync(ContainerRuntime runtime, string name, string nginxDirectory)
    {
        await runtime.RemoveContainersAsync(name, name + Testing).ConfigureAwait(false);
        await runtime.RemoveNetworkAsync(name).ConfigureAwait(false);
        if (await runtime.IsNetworkGoneAsync(name).ConfigureAwait(false))
            File.Delete(MarkIn(nginxDirectory));
    }

    /// <summary>The port that nginx listens on inside.</summary>
    internal const int Port = 443;

    /// <summary>Names in the container's /etc/hosts, as the runtime's <c>--add-host</c> takes them.</summary>
    /// <param name="lab">This machine, as containers reach it.</param>
    internal static IReadOnlyList<string> Hosts(string lab) =>
        [$"{LabTopology.ResponderHost}:{lab}", $"{LabTopology.SiteHost}:127.0.0.1"];

    /// <summary>What of the lab the container sees, and where.</summary>
    internal static IReadOnlyList<ContainerMount> Mounts(LabTopology topology, CertificateFiles certificate)
    {
        var view = NginxView.OfContainer("");
        return
        [
            new(Path.Combine(topology.NginxDirectory, "nginx.conf"), "/etc/nginx/nginx.conf"),
            new(Path.Combine(topology.NginxDirectory, "conf.d"), view.Sites),
            new(Path.Combine(topology.NginxDirectory, "html"), view.Html),
            new(certificate.Key, view.Key),
            new(certificate.Password, view.Password),
            new(certificate.FullChain, view.Certificate),
            new(Path.Combine(topology.PkiDirectory, "ca-chain.pem"), view.TrustedCertificates),
            new(Path.Combine(topology.NginxDirectory, "logs"), view.Logs, IsReadOnly: false),
        ];
    }

    private static string Describe(ContainerMount mount) =>
        $"type=bind,source={mount.Source},target={mount.Target}" + (mount.IsReadOnly ? ",readonly" : "");

    /// <summary>
    /// The name of a lab's container and of its network: the same for the same folder, whoever starts it.
    /// </summary>
    internal static string NameOf(LabTopology topology)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(topology.Directory));
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

    private const string Testing = "-test";
}

/// <summary>A file or folder of the lab inside a container.</summary>
/// <param name="Source">Its path on this machine.</param>
/// <param name="Target">Its path inside.</param>
/// <param name="IsReadOnly">Whether the container may only read it.</param>
public sealed record ContainerMount(string Source, string Target, bool IsReadOnly = true);
