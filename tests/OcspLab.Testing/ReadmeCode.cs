using Xunit;

namespace OcspLab.Testing;

/// <summary>The C# of a package's README, which a test class compiles and runs.</summary>
public static class ReadmeCode
{
    /// <summary>
    /// Every paragraph of every block stands in the test's source, whatever its white space. Both files lie beside the
    /// built tests.
    /// </summary>
    /// <param name="source">The test's source.</param>
    /// <param name="blocks">How many blocks there are.</param>
    /// <param name="adapt">What is different in the test, such as a path; null for nothing.</param>
    public static void AssertIsIn(string source, int blocks, Func<string, string>? adapt = null)
    {
        var code = Squeeze(Read(source));
        var found = Read("README.md").Split("```csharp\n").Skip(1).Select(block => block.Split("```")[0]).ToArray();
        Assert.Equal(blocks, found.Length);
        Assert.All(
            found.SelectMany(block => block.Split("\n\n")),
            part => Assert.Contains(Squeeze(adapt?.Invoke(part) ?? part), code, StringComparison.Ordinal)
        );
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, file));

    private static string Squeeze(string code) => string.Concat(code.Where(letter => !char.IsWhiteSpace(letter)));
}
