using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>The programs of this repository, as they were built with the tests.</summary>
internal static class Programs
{
    // tests/OcspLab.IntegrationTests/bin/CONFIGURATION/net10.0
    private static readonly DirectoryInfo Here = new(AppContext.BaseDirectory.TrimEnd('/'));

    /// <summary>Debug or Release, as the tests.</summary>
    public static string Configuration { get; } = Here.Parent!.Name;

    public static string Cli { get; } = Built("src/tool/OcspLab.Cli", "ocsplab.dll");

    public static string AppHost { get; } = Built("OcspLab.AppHost", "OcspLab.AppHost.dll");

    /// <summary>A service of the lab as a program of its own.</summary>
    public static string Service(string resource) =>
        resource switch
        {
            LabTopology.Dns => Built("src/lab/OcspLab.Dns", "OcspLab.Dns.dll"),
            LabTopology.Responder => Built("src/packages/OcspLab.Responder", "OcspLab.Responder.dll"),
            _ => Built("src/lab/OcspLab.Site", "OcspLab.Site.dll"),
        };

    /// <summary>Runs <c>ocsplab</c> to its end.</summary>
    public static Task<ToolResult> OcspLabAsync(params string[] arguments) =>
        Tool.RunAsync("dotnet", [Cli, .. arguments], null, CancellationToken.None);

    /// <summary>Free ports for a lab of one's own, as options.</summary>
    public static (LabPorts Ports, string[] Options) FreePorts()
    {
        var numbers = FreePort.Find(6);
        var ports = new LabPorts
        {
            Dns = numbers[0],
            Responder = numbers[1],
            ResponderAdmin = numbers[2],
            Nginx = numbers[3],
            Kestrel = numbers[4],
            KestrelBuiltIn = numbers[5],
        };
        return (ports, [.. ports.All.SelectMany(port => new[] { port.Option, $"{port.Number}" })]);
    }

    /// <summary>A command line as a shell reads it, whatever is in the path of this repository.</summary>
    public static string Quote(IEnumerable<string> command) =>
        string.Join(' ', command.Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));

    private static string Built(string project, string assembly) =>
        Path.Combine(Repository.Root, project, "bin", Configuration, Here.Name, assembly);
}
