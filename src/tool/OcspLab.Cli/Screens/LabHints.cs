using System.Text;
using OcspLab.Cli.CommandLine;
using OcspLab.Lab.Topology;

namespace OcspLab.Cli.Screens;

/// <summary>What to try next, as commands that can be copied into a shell at any width of the terminal.</summary>
internal static class LabHints
{
    private const string Indent = "  ";

    /// <param name="topology">The lab that runs.</param>
    /// <param name="hasNginx">Whether nginx is part of it.</param>
    /// <param name="current">The folder in which the commands will be run.</param>
    /// <param name="width">The columns of the terminal.</param>
    public static string Of(LabTopology topology, bool hasNginx, string current, int width)
    {
        var root = Shorten(topology.CreatePki(TimeProvider.System).Root.Certificate, current);
        var port = topology.Ports.Kestrel;
        var site = LabTopology.SiteHost;
        string[] lab = LabOption(topology, current) is { Length: > 0 } option ? [option] : [];
        string[][] commands =
        [
            [
                "curl --cert-status",
                $"--cacert {OwnCommand.Quote(root)}",
                $"--resolve {site}:{port}:127.0.0.1",
                $"https://{site}:{port}/",
            ],
            [
                "openssl s_client",
                $"-connect 127.0.0.1:{port}",
                $"-servername {site} -status",
                $"-CAfile {OwnCommand.Quote(root)} </dev/null",
            ],
            [$"{OwnCommand.Text} inspect 127.0.0.1:{port}", $"--servername {site}"],
            [$"{OwnCommand.Text} pki revoke {LabTopology.SiteCertificate}", .. lab],
        ];
        var text = new StringBuilder("Try, from another terminal:\n");
        foreach (var command in commands)
            text.Append(Fold(command, width)).Append('\n');
        if (hasNginx)
            text.Append($"nginx listens on {topology.Ports.Nginx}: the same commands with that port.\n");
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>The option that names a lab to a command; empty where it is the one that is meant without.</summary>
    public static string LabOption(LabTopology topology, string current) =>
        topology.Directory == new LabTopology().Directory
            ? ""
            : $"--lab {OwnCommand.Quote(Shorten(topology.Directory, current))}";

    // At the seams of the command only, and with a backslash: what a terminal wraps by itself does not copy whole.
    private static string Fold(string[] parts, int width)
    {
        var text = new StringBuilder();
        var line = Indent + parts[0];
        foreach (var (index, part) in parts.Index().Skip(1))
        {
            var reserve = index + 1 < parts.Length ? 2 : 0;
            if (line.Length + 1 + part.Length + reserve <= width)
            {
                line += " " + part;
                continue;
            }

            text.Append(line).Append(" \\\n");
            line = Indent + Indent + part;
        }

        return text.Append(line).ToString();
    }

    private static string Shorten(string path, string current)
    {
        var relative = Path.GetRelativePath(current, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }
}
