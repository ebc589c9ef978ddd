using System.Text.RegularExpressions;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>The benchmarks that docs name: each does its work as it is called there, if only a little of it.</summary>
public sealed partial class BenchmarkCommandTests
{
    public static TheoryData<string> Commands { get; } =
    [
        .. Directory
            .GetFiles(Path.Combine(Repository.Root, "docs"), "*.md")
            .SelectMany(page => Command().Matches(File.ReadAllText(page)))
            .Select(command => command.Groups[1].Value)
            .Distinct()
            .Order(),
    ];

    [Theory, Trait("Ring", "long")]
    [MemberData(nameof(Commands))]
    public async Task Every_benchmark_that_the_pages_name_runs(string arguments)
    {
        using var folder = new TempFolder();
        var run = await Tool.RunAsync(
            "dotnet",
            [Programs.Benchmarks, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--quick"],
            folder.Path,
            TestContext.Current.CancellationToken
        );
        Assert.SkipWhen(run.ExitCode == 69, run.Error + run.Output);
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.Contains("It works.", run.Output, StringComparison.Ordinal);
    }

    [GeneratedRegex(
        @"^dotnet run -c Release --project tests/OcspLab\.Benchmarks(?: -- (.*))?$",
        RegexOptions.Multiline
    )]
    private static partial Regex Command();
}
