using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Comparison.Servers;

/// <summary>The servers that are compared.</summary>
internal static class StaplingServers
{
    /// <summary>All of them, installed or not.</summary>
    public static IReadOnlyList<IStaplingServer> All { get; } =
    [
        new KestrelServer(LabTopology.Kestrel),
        new KestrelServer(LabTopology.KestrelBuiltIn),
        new NginxServer(),
        new ApacheServer(),
        new CaddyServer(),
        new HaproxyServer(),
        new KeptNginx(),
        new KeptApache(),
        new KeptHaproxy(),
    ];

    /// <summary>
    /// What a program says of its version, in its first line, without the words before and the address behind.
    /// </summary>
    public static async Task<string> FirstLineAsync(
        string program,
        string argument,
        CancellationToken cancellationToken
    )
    {
        var result = await ChildProcess.RunAsync(program, [argument], null, cancellationToken).ConfigureAwait(false);
        return (result.Output + result.Error).Split('\n', 2)[0].Split(" version: ")[^1].Split(" - http")[0].Trim();
    }
}
