using System.Text.RegularExpressions;
using OcspLab.Testing;

namespace OcspLab.ArchitectureTests;

/// <summary>What commands on the pages name is there: projects, scripts, benchmarks.</summary>
public sealed partial class DocumentedPathTests
{
    [Fact]
    public void Every_path_in_a_command_is_there()
    {
        var named = NamedBy(Place()).ToArray();
        Assert.NotEmpty(named);
        Assert.All(named, its => Assert.True(Path.Exists(Path.Combine(Repository.Root, its.Name)), $"{its}"));
    }

    [Fact]
    public void Every_benchmark_is_one()
    {
        var program = File.ReadAllText(Path.Combine(Repository.Root, "tests/OcspLab.Benchmarks/Program.cs"));
        var named = NamedBy(Benchmark()).ToArray();
        Assert.NotEmpty(named);
        Assert.All(named, its => Assert.Contains($"[\"{its.Name}\"", program, StringComparison.Ordinal));
    }

    private static IEnumerable<(string Page, string Name)> NamedBy(Regex pattern) =>
        from page in House.Files("*.md")
        from Match match in pattern.Matches(File.ReadAllText(Path.Combine(Repository.Root, page)))
        select (page, match.Groups[1].Value);

    // After a program's name or an option, at the top of the repository.
    [GeneratedRegex(
        @"(?m)(?:--project |dotnet test |dotnet pack |[A-Z]=|^|`|reference )"
            + @"((?:src|tests|eng|OcspLab\.AppHost)(?:/[\w./-]*\w)?)(?= |$|`)"
    )]
    private static partial Regex Place();

    [GeneratedRegex(@"OcspLab\.Benchmarks -- (\w[\w-]*)")]
    private static partial Regex Benchmark();
}
