using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Screens;
using OcspLab.Lab.Hosting;
using OcspLab.Lab.Topology;
using Spectre.Console;

namespace OcspLab.Cli.Tests;

public sealed class LabTableTests
{
    private static readonly LabResource[] Resources =
    [
        new("pki", null, LabResourceState.Ready, "3 certificates in /home/someone/ocsplab/.lab/pki"),
        new("responder", "http://127.0.0.1:8888", LabResourceState.Degraded, "misbehaves on purpose: hang"),
        new("kestrel-builtin", "https://127.0.0.1:9444", LabResourceState.Ready, "stapled good", ".NET's own stapling"),
    ];

    [Theory]
    [InlineData(
        60,
        """
              resource          address                  state
            ───────────────────────────────────────────────────────
              pki                                        ready
              responder         http://127.0.0.1:8888    degraded
              kestrel-builtin   https://127.0.0.1:9444   ready
            """
    )]
    [InlineData(
        80,
        """
              resource          address                  state
            ───────────────────────────────────────────────────────────────────────────────
              pki                                        ready      3 certificates in /h…
              responder         http://127.0.0.1:8888    degraded   misbehaves on purpos…
              kestrel-builtin   https://127.0.0.1:9444   ready      stapled good; .NET's…
            """
    )]
    [InlineData(
        120,
        """
              resource          address                  state
            ──────────────────────────────────────────────────────────────────────────────────────────────────────────
              pki                                        ready      3 certificates in /home/someone/ocsplab/.lab/pki
              responder         http://127.0.0.1:8888    degraded   misbehaves on purpose: hang
              kestrel-builtin   https://127.0.0.1:9444   ready      stapled good; .NET's own stapling
            """
    )]
    public void Only_what_there_is_to_say_gives_way(int width, string screen) =>
        Assert.Equal(screen.ReplaceLineEndings("\n"), Draw(width));

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(240)]
    public void Hints_are_whole_commands_that_fit(int width)
    {
        var topology = new LabTopology { Directory = "/srv/my lab" };
        var hints = LabHints.Of(topology, hasNginx: true, "/srv", width);
        var lines = hints.Split('\n');
        Assert.All(
            lines.Where(line => line.EndsWith('\\') && !line.Contains(OwnCommand.Text, StringComparison.Ordinal)),
            line => Assert.True(line.Length <= width, line)
        );
        var commands = hints.Replace(" \\\n   ", "", StringComparison.Ordinal).Split('\n');
        Assert.Contains("--cacert 'my lab/pki/root_ca/CA/rsa_ca.crt'", commands[1], StringComparison.Ordinal);
        Assert.EndsWith(" pki revoke echo --lab 'my lab'", commands[4], StringComparison.Ordinal);
    }

    private static string Draw(int width)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Out = new AnsiConsoleOutput(text),
            }
        );
        console.Profile.Width = width;
        console.Write(LabTable.Of(Resources, width));
        return string.Join('\n', text.ToString().Split('\n').Select(line => line.TrimEnd())).Trim('\n');
    }
}
