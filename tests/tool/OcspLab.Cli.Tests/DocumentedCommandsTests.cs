using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using OcspLab.Cli.Commands;
using OcspLab.Testing;

namespace OcspLab.Cli.Tests;

/// <summary>
/// What begins with <c>ocsplab</c> on any page, in blocks and in sentences, is a command that the program knows, with
/// options that it has. What they do is for other tests.
/// </summary>
public sealed partial class DocumentedCommandsTests
{
    public static TheoryData<string, string> Commands
    {
        get
        {
            var commands = new TheoryData<string, string>();
            foreach (var page in Pages)
            {
                var text = File.ReadAllText(Path.Combine(Repository.Root, page));
                var found = Block()
                    .Matches(Continued().Replace(text, " "))
                    .SelectMany(block => block.Value.Split('\n'))
                    .Select(line => line.TrimStart())
                    .Where(line => InBlock().IsMatch(line))
                    .Concat(InSentence().Matches(text).Select(match => match.Groups[1].Value.ReplaceLineEndings(" ")));
                foreach (var command in found.Distinct(StringComparer.Ordinal))
                    commands.Add(page, command);
            }

            return commands;
        }
    }

    [Theory, MemberData(nameof(Commands))]
    public void It_is_known(string page, string command)
    {
        var words = Word()
            .Matches(Tail().Replace(command, ""))
            .Select(match => match.Value.Trim('\'', '"'))
            .SkipWhile(word => !word.EndsWith("ocsplab", StringComparison.Ordinal))
            .Skip(1)
            .TakeWhile(word => !word.Contains('…', StringComparison.Ordinal))
            .ToArray();
        // A sentence may name an option without its value.
        var result = Root.Create()
            .Parse([
                .. words,
                .. words is [.., "--at" or "--admin"] ? ["2026-01-01T00:00:00Z"] : Array.Empty<string>(),
            ]);
        var strange = result
            .UnmatchedTokens.Concat(
                Ancestors(result.CommandResult)
                    .SelectMany(its => its.Children)
                    .OfType<ArgumentResult>()
                    .SelectMany(argument => argument.Tokens)
                    .Select(token => token.Value)
                    .Where(value => value.StartsWith('-'))
            )
            .ToArray();
        Assert.True(strange.Length == 0, $"{page}: {command}: {string.Join(' ', strange)}");
    }

    private static IEnumerable<CommandResult> Ancestors(SymbolResult? result)
    {
        for (; result is not null; result = result.Parent)
        {
            if (result is CommandResult command)
                yield return command;
        }
    }

    private static IEnumerable<string> Pages =>
        Directory
            .EnumerateFiles(Repository.Root, "*.md", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Where(file => !Elsewhere().IsMatch(file));

    [GeneratedRegex(@"(^|/)(bin|obj|artifacts|\.[^/]*|node_modules)/")]
    private static partial Regex Elsewhere();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();

    [GeneratedRegex(@"^(\$ )?(\S*/|dotnet )?ocsplab [a-z-]")]
    private static partial Regex InBlock();

    [GeneratedRegex(@"`((?:\./|dotnet )?ocsplab [a-z-][^`]*)`")]
    private static partial Regex InSentence();

    // What the shell does with it, and remarks.
    [GeneratedRegex(@"\s+(#|\||&&|;|>|2>|<).*$", RegexOptions.Singleline)]
    private static partial Regex Tail();

    [GeneratedRegex("""'[^']*'|"[^"]*"|\S+""")]
    private static partial Regex Word();
}
