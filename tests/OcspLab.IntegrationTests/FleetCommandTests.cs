using System.Text.Json;
using OcspLab.Lab.Fleets;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary><c>ocsplab fleet</c>, with the real Redis, PostgreSQL and HAProxy.</summary>
[Trait("Ring", "long")]
public sealed class FleetCommandTests
{
    [Fact, Trait("Rule", "S26"), Trait("Rule", "S2")]
    public async Task Every_handshake_has_its_staple_while_each_part_is_killed_in_its_turn()
    {
        Require();
        var result = await Programs.OcspLabAsync(
            "fleet",
            "--sites",
            "2",
            "--clients",
            "2",
            "--for",
            "00:01:10",
            "--format",
            "json"
        );
        Assert.True(result.ExitCode == 0, $"{result.Error}\n{result.Output}");
        using var report = JsonDocument.Parse(result.Output);
        var root = report.RootElement;
        Assert.Equal((0, 0), (root.GetProperty("withoutStaple").GetInt32(), root.GetProperty("wrong").GetInt32()));
        Assert.True(root.GetProperty("good").GetInt32() > 0);
        Assert.NotEqual(JsonValueKind.Null, root.GetProperty("spread").ValueKind);
        var killed = root.GetProperty("events")
            .EnumerateArray()
            .Where(happened => happened.GetProperty("what").GetString() == "killed")
            .Select(happened => happened.GetProperty("part").GetString());
        Assert.Superset(new HashSet<string?> { "site-1", "redis", "postgresql", "responder-1" }, killed.ToHashSet());
    }

    [Fact]
    public async Task Interrupted_it_says_what_it_has_seen_and_leaves_nothing()
    {
        Require();
        await using var program = new RunningProgram("dotnet", Programs.Cli, "fleet", "--sites", "2");
        await Poll.UntilAsync(
            () => program.HasExited || program.Error.Contains("site-1 killed", StringComparison.Ordinal),
            "the first is killed",
            seconds: 120
        );
        var folder = Assert.Single(Folders(program.Id));
        program.Interrupt();
        Assert.Equal(130, await program.WaitAsync());
        Assert.Matches("good +[1-9]", program.Output);
        Assert.Contains("not seen", program.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
        Assert.DoesNotContain(Processes.Select(CommandLineOf), line => line.Contains(folder, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--sites", "1", "--sites is a number from 2 to 16, not '1'.")]
    [InlineData("--clients", "many", "--clients is a number from 1 to 64, not 'many'.")]
    [InlineData("--for", "soon", "--for is a duration")]
    public async Task What_makes_no_sense_is_said_before_anything_is_started(string option, string value, string error)
    {
        var result = await Programs.OcspLabAsync("fleet", option, value);
        Assert.Equal(64, result.ExitCode);
        Assert.Contains(error, result.Error, StringComparison.Ordinal);
    }

    private static void Require() => Assert.SkipWhen(FleetPrograms.Missing is not null, FleetPrograms.Missing ?? "");

    // Where its children work.
    private static IEnumerable<string> Folders(int process) =>
        from folder in Directory.GetDirectories(Path.GetTempPath(), "ocsplab-fleet-*")
        where
            Processes.Any(child =>
                ParentOf(child) == process && CommandLineOf(child).Contains(folder, StringComparison.Ordinal)
            )
        select folder;

    private static IEnumerable<string> Processes =>
        Directory.GetDirectories("/proc").Where(process => char.IsAsciiDigit(Path.GetFileName(process)[0]));

    private static int ParentOf(string process)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(process, "stat"));
            return int.Parse(
                stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1],
                System.Globalization.CultureInfo.InvariantCulture
            );
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static string CommandLineOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has ended, or /proc has something else there.
            return "";
        }
    }
}
