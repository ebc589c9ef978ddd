using OcspLab.Lab.Topology;
using OcspLab.Site;

namespace OcspLab.Comparison.Servers;

/// <summary>The sample site, with this project's stapling or with .NET's own.</summary>
internal sealed class KestrelServer(string resource) : IStaplingServer
{
    public string Name => resource;

    public string? Missing => File.Exists(Program) ? null : $"{Program} is missing";

    public string Setting =>
        resource == LabTopology.Kestrel
            ? "UseOcspStapling() with its defaults, but for MinimumRefreshInterval where answers last less than "
                + "five minutes: a quarter of that"
            : "no UseOcspStapling(): the runtime's own stapling, with the root in the chain that it needs";

    public Task<string> ReadVersionAsync(CancellationToken cancellationToken)
    {
        var runtime = $".NET {Environment.Version}";
        var library = typeof(KestrelServer).Assembly.GetName().Version?.ToString(3);
        return Task.FromResult(resource == LabTopology.Kestrel ? $"OcspLab {library} on {runtime}" : runtime);
    }

    public Task<IReadOnlyList<string>> PrepareAsync(ServerPlace place, CancellationToken cancellationToken)
    {
        var settings = place.Topology.SettingsOf(resource).ToDictionary();
        if (place.Stapling == ServerStapling.Off)
            settings["Site:Stapling"] = nameof(SiteStapling.Off);
        // What makes the lab lively to watch is not what a site has.
        foreach (var lively in (string[])["OcspStapling:RetryDelay", "OcspStapling:MaximumRetryDelay"])
            settings.Remove(lively);
        settings["Kestrel:Endpoints:Https:Url"] = $"https://127.0.0.1:{place.Port}";
        settings["Kestrel:Endpoints:Https:Certificate:Path"] =
            resource == LabTopology.Kestrel ? place.Certificate.FullChain : place.Certificate.FullChainWithRoot;
        settings["Kestrel:Endpoints:Https:Certificate:KeyPath"] = place.Certificate.Key;
        settings["Site:PasswordFile"] = place.Certificate.Password;
        if (resource == LabTopology.Kestrel)
        {
            settings["OcspStapling:StorageDirectory"] = Path.Combine(place.Folder, "staples");
            // Made for answers that last days; where they last seconds, so must this.
            if (place.Topology.Validity < DefaultMinimumRefreshInterval)
                settings["OcspStapling:MinimumRefreshInterval"] = MinimumRefreshIntervalFor(place.Topology.Validity)
                    .ToString("c");
            else
                settings.Remove("OcspStapling:MinimumRefreshInterval");
        }

        // The runtime remembers answers below HOME.
        IReadOnlyList<string> command =
        [
            "env",
            $"HOME={place.Folder}",
            "dotnet",
            Program,
            .. settings.Select(setting => $"--{setting.Key}={setting.Value}"),
        ];
        return Task.FromResult(command);
    }

    /// <summary>How soon it may ask again, where answers last so long.</summary>
    public static TimeSpan MinimumRefreshIntervalFor(TimeSpan validity) =>
        validity < DefaultMinimumRefreshInterval ? validity / 4 : DefaultMinimumRefreshInterval;

    private static readonly TimeSpan DefaultMinimumRefreshInterval = TimeSpan.FromMinutes(5);

    private static string Program => Path.Combine(AppContext.BaseDirectory, "OcspLab.Site.dll");
}
