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

    public static string Benchmarks { get; } = Built("tests/OcspLab.Benchmarks", "OcspLab.Benchmarks.dll");

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
        var numbers = FreePort.Find(9);
        var ports = new LabPorts
        {
            Dns = numbers[0],
            Responder = numbers[1],
            ResponderAdmin = numbers[2],
            Nginx = numbers[3],
            Kestrel = numbers[4],
            KestrelBuiltIn = numbers[5],
            Keep = numbers[6],
            NginxKept = numbers[7],
            Console = numbers[8],
        };
        return (ports, [.. ports.All.SelectMany(port => new[] { port.Option, $"{port.Number}" })]);
    }

    /// <summary>
    /// The options of a lab whose keys do not matter: RSA's take longer to make than all else that it does to come up.
    /// </summary>
    public static string[] QuickKeys { get; } = ["--key", "ecdsa"];

    /// <summary>Waits until a lab says that it is ready.</summary>
    public static async Task ReadyAsync(RunningProgram lab)
    {
        await Poll.UntilAsync(
            () => lab.HasExited || lab.Output.Contains("\nready", StringComparison.Ordinal),
            "the lab is ready",
            120
        );
        Assert.False(lab.HasExited, lab.Error);
    }

    /// <summary>The options that bring <c>keep</c> up, with its ports.</summary>
    public static string[] KeepOptions(LabPorts ports) =>
        ["--keep", "--keep-port", $"{ports.Keep}", "--nginx-kept-port", $"{ports.NginxKept}"];

    /// <summary>Free ports for a fleet, one after the other.</summary>
    public static FleetPorts FreeFleetPorts(int sites)
    {
        while (true)
        {
            var ports = PortCheck.FindFree(FleetPorts.Others + sites);
            if (ports[^1] - ports[0] == ports.Length - 1)
                return FleetPorts.From(ports[0], sites);
        }
    }

    /// <summary>The options that bring a fleet up.</summary>
    public static string[] FleetOptions(int sites) =>
        ["--fleet", $"{sites}", "--fleet-port", $"{FreeFleetPorts(sites).Balancer}"];

    /// <summary>A command line as a shell reads it, whatever is in the path of this repository.</summary>
    public static string Quote(IEnumerable<string> command) =>
        string.Join(' ', command.Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));

    private static string Built(string project, string assembly) =>
        Path.Combine(Repository.Root, project, "bin", Configuration, Here.Name, assembly);
}
