using OcspLab.Testing;

namespace OcspLab.ArchitectureTests;

/// <summary>Lines that are read side by side on one screen.</summary>
public sealed class ColumnTests
{
    private const int Columns = 120;

    // Made by programs, which do not wrap.
    private static readonly string[] Generated = ["docs/comparison.md", "docs/conformance.md"];

    [Fact]
    public void No_line_of_code_is_longer() => AssertShort("*.cs", File.ReadLines);

    [Fact]
    public void No_line_of_prose_is_longer() => AssertShort("*.md", Prose);

    private static void AssertShort(string pattern, Func<string, IEnumerable<string>> linesOf)
    {
        var files = House.Files(pattern).Where(file => !Generated.Contains(file)).ToArray();
        Assert.NotEmpty(files);
        var wide =
            from file in files
            from line in linesOf(Path.Combine(Repository.Root, file))
                .Select((text, index) => (Text: text, Index: index))
            where line.Text.Length > Columns
            select $"{file}, line {line.Index + 1}: {line.Text.Length} columns";
        Assert.Empty(wide);
    }

    // Tables, what a terminal showed, and a link that cannot be broken may be wider: their lines are empty here.
    private static IEnumerable<string> Prose(string file)
    {
        var isFenced = false;
        foreach (var line in File.ReadLines(file))
        {
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
                isFenced = !isFenced;
            yield return isFenced || line.StartsWith('|') || !line.Trim().Contains(' ') ? "" : line;
        }
    }
}
