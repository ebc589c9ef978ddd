using System.Text.Json;
using Aspire.Hosting;

namespace OcspLab.Aspire.Hosting.Stapling;

/// <summary>How <c>ocsplab</c> is run here.</summary>
/// <param name="Command">The program.</param>
/// <param name="Arguments">What comes before the arguments of <c>ocsplab</c> itself.</param>
/// <param name="IsFound">Whether it is known to be there.</param>
internal sealed record OcspLabTool(string Command, IReadOnlyList<string> Arguments, bool IsFound = true)
{
    /// <summary>The setting that names the program, or its <c>.dll</c>.</summary>
    public const string Setting = "OcspLab:Tool";

    /// <summary>What to do where there is none.</summary>
    public const string Missing =
        "The program ocsplab is not here. Install it with 'dotnet tool install OcspLab.Cli', beside the AppHost or "
        + "with --global, or name it in the setting "
        + Setting
        + ".";

    /// <summary>
    /// Finds it: as the setting names it, beside the AppHost's own program, among the tools of the folder, on PATH,
    /// among the tools of the user. What is published runs elsewhere, from PATH.
    /// </summary>
    public static OcspLabTool Find(IDistributedApplicationBuilder builder)
    {
        if (!builder.ExecutionContext.IsRunMode)
            return new OcspLabTool(Name, []);
        if (builder.Configuration[Setting] is { Length: > 0 } chosen)
            return Of(Path.GetFullPath(chosen, builder.AppHostDirectory));
        var beside = Path.Combine(AppContext.BaseDirectory, $"{Name}.dll");
        if (File.Exists(beside))
            return Of(beside);
        if (IsToolOf(builder.AppHostDirectory))
            return new OcspLabTool("dotnet", ["tool", "run", Name, "--"]);
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return
            (Environment.GetEnvironmentVariable("PATH") ?? "")
                .Split(Path.PathSeparator)
                .Append(Path.Combine(home, ".dotnet", "tools"))
                .Where(folder => folder.Length > 0)
                .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? $"{Name}.exe" : Name))
                .FirstOrDefault(File.Exists)
                is { } path
            ? new OcspLabTool(path, [])
            : new OcspLabTool(Name, [], IsFound: false);
    }

    private static OcspLabTool Of(string path) =>
        path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
            ? new OcspLabTool("dotnet", [path], File.Exists(path))
            : new OcspLabTool(path, [], File.Exists(path));

    // As 'dotnet tool run' looks: from the folder upwards.
    private static bool IsToolOf(string directory)
    {
        for (var folder = new DirectoryInfo(directory); folder is not null; folder = folder.Parent)
        {
            foreach (var manifest in (string[])[".config/dotnet-tools.json", "dotnet-tools.json"])
            {
                var path = Path.Combine(folder.FullName, manifest);
                if (File.Exists(path) && Names(path).Contains("ocsplab.cli", StringComparer.OrdinalIgnoreCase))
                    return true;
            }
        }

        return false;
    }

    private static IReadOnlyList<string> Names(string manifest)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(manifest));
            return document.RootElement.TryGetProperty("tools", out var tools)
                ? [.. tools.EnumerateObject().Select(tool => tool.Name)]
                : [];
        }
        catch (Exception exception) when (exception is JsonException or IOException or InvalidOperationException)
        {
            return [];
        }
    }

    private const string Name = "ocsplab";
}
