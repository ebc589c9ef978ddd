using System.Text.RegularExpressions;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>A lab at a terminal: its keys, and its table.</summary>
public sealed partial class UpTerminalTests : UpBench
{
    [Fact]
    public async Task At_a_terminal_keys_command_the_lab()
    {
        await using var lab = await AtTerminalAsync();
        lab.Type("r");
        await Poll.UntilAsync(
            () => lab.Output.Contains("echo is revoked", StringComparison.Ordinal),
            "the key for revoke"
        );
        lab.Type("u");
        await Poll.UntilAsync(
            () => Regex.IsMatch(lab.Output, @"echocert\.lab \(serial [0-9a-f]+\): revoked"),
            "the key for refresh"
        );
        lab.Type("q");
        Assert.Equal(0, await lab.WaitAsync());
    }

    [Fact]
    public async Task A_lab_ends_in_time_though_somebody_looks_at_the_faults()
    {
        await using var lab = await AtTerminalAsync("--for", "00:00:05");
        lab.Type("f");
        Assert.Equal(0, await lab.WaitAsync());
        Assert.Contains("misbehave", lab.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(120)]
    public async Task Its_table_fits_the_terminal(int columns)
    {
        await using var lab = await AtTerminalAsync(columns, "--for", "00:00:02");
        Assert.Equal(0, await lab.WaitAsync());
        var lines = EscapeSequence().Replace(lab.Output, "").Split('\n').Select(line => line.TrimEnd()).ToArray();
        Assert.Matches($@"^  kestrel-builtin   https://127\.0\.0\.1:\d+   ready", lines.Last(IsRowOfBuiltIn));
        Assert.All(lines, line => Assert.True(line.Length <= columns, line));
        Assert.Contains(lines, line => line.Contains(" inspect 127.0.0.1:", StringComparison.Ordinal));

        static bool IsRowOfBuiltIn(string line) => line.StartsWith("  kestrel-builtin ", StringComparison.Ordinal);
    }

    private Task<RunningProgram> AtTerminalAsync(params string[] options) => AtTerminalAsync(100, options);

    // A terminal of its own, out of util-linux.
    private async Task<RunningProgram> AtTerminalAsync(int columns, params string[] options)
    {
        var command = Programs.Quote(["dotnet", Programs.Cli, .. QuickArguments(), "--nginx", "off", .. options]);
        var lab = new RunningProgram(
            Tool.Require("script"),
            "--quiet",
            "--return",
            "--flush",
            "--command",
            // As the wrapper calls it; its path may be longer than a line.
            $"export OCSPLAB_COMMAND=./ocsplab; stty cols {columns} rows 40; exec {command}",
            "/dev/null"
        );
        await Poll.UntilAsync(
            () => lab.HasExited || lab.Output.Contains("refresh", StringComparison.Ordinal),
            "the lab is ready",
            120
        );
        Assert.False(lab.HasExited, lab.Output);
        return lab;
    }

    [GeneratedRegex(@"\e\[[0-9;?]*[A-Za-z]|\r")]
    private static partial Regex EscapeSequence();
}
