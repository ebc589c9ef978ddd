using System.Text.Json.Nodes;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Keeping;

/// <summary>The settings of the lab's <c>keep</c>, the same for a process and for a container.</summary>
/// <param name="NameServer">The lab's, as <c>keep</c> reaches it.</param>
/// <param name="Serve">Where it answers.</param>
/// <param name="Reload">What makes nginx read its files again.</param>
internal sealed record KeepSettings(string NameServer, string Serve, string Reload)
{
    /// <summary>As configuration keys and values.</summary>
    public IReadOnlyDictionary<string, string?> For(LabTopology topology)
    {
        var files = new KeptStaple(topology.KeepDirectory);
        const string certificate = $"Keep:Certificates:{LabTopology.SiteCertificate}";
        var settings = new Dictionary<string, string?>
        {
            [$"{certificate}:Certificate"] = CertificateOf(topology),
            [$"{certificate}:StapleFile"] = files.File,
            [$"{certificate}:NginxInclude"] = files.Include,
            ["Keep:Reload"] = Reload,
            // People watch.
            ["Keep:ReloadInterval"] = "00:00:01",
            ["Keep:Serve"] = Serve,
        };
        foreach (
            var (key, value) in LabTopology.StaplingSettings(NameServer, Path.Combine(topology.KeepDirectory, "state"))
        )
            settings[key] = value;
        return settings;
    }

    /// <summary>The same as a file for <c>ocsplab keep --config</c>.</summary>
    public JsonObject ToJson(LabTopology topology)
    {
        var root = new JsonObject();
        foreach (var (key, value) in For(topology))
        {
            var path = key.Split(':');
            var section = root;
            foreach (var name in path[..^1])
                section = (JsonObject)(section[name] ??= new JsonObject());
            section[path[^1]] = value;
        }

        return root;
    }

    /// <summary>The certificate with its issuer.</summary>
    public static string CertificateOf(LabTopology topology) =>
        topology.CreatePki(TimeProvider.System).FilesOf(LabTopology.SiteCertificate).FullChain;
}
