using System.Text.RegularExpressions;

namespace OcspLab.Cli.CommandLine;

/// <summary>What a person can type to run <c>ocsplab</c> from where they are.</summary>
public static partial class OwnCommand
{
    /// <summary>The variable in which the wrapper in the repository says how it was called.</summary>
    public const string Variable = "OCSPLAB_COMMAND";

    /// <summary>
    /// <c>ocsplab</c> where it is installed; the wrapper as it was called; otherwise the wrapper of the repository that
    /// this program was built in.
    /// </summary>
    public static string Text { get; } =
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } called
            ? Quote(called)
            : Find(AppContext.BaseDirectory, Environment.CurrentDirectory);

    /// <summary>Puts what can be typed into a text that says <c>ocsplab …</c> between apostrophes.</summary>
    public static string In(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        // One that is quoted itself needs no apostrophes around.
        return Hint().Replace(text, Text.StartsWith('\'') ? $"{Text} $1" : $"'{Text} $1'");
    }

    [GeneratedRegex("'ocsplab ([^']*)'")]
    private static partial Regex Hint();

    /// <summary>A word as a POSIX shell reads it.</summary>
    public static string Quote(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        return word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_./:=@,+%".Contains(letter))
            ? word
            : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
    }

    internal static string Find(string program, string current)
    {
        for (var folder = new DirectoryInfo(program); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "OcspLab.sln")))
                continue;
            var wrapper = Path.Combine(folder.FullName, OperatingSystem.IsWindows() ? "ocsplab.cmd" : "ocsplab");
            var relative = Path.GetRelativePath(current, wrapper);
            if (relative.StartsWith("..", StringComparison.Ordinal))
                return Quote(wrapper);
            return Quote(Path.Combine(".", relative));
        }

        return "ocsplab";
    }
}
