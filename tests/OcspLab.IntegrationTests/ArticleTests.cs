using System.Text;
using System.Text.RegularExpressions;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>
/// The walk through the article is true: its commands run one after the other, and what they print is what the page
/// shows. With OCSPLAB_UPDATE_DOCS=1 the pages are written anew instead.
/// </summary>
public sealed partial class ArticleTests(LabFixture lab) : IClassFixture<LabFixture>
{
    private static readonly string English = Path.Combine(Repository.Root, "docs/article.md");
    private static readonly string Chinese = Path.Combine(Repository.Root, "docs/article.zh.md");

    [Fact, Trait("Ring", "long")]
    public async Task Every_command_prints_what_the_page_shows()
    {
        lab.RequireNginx();
        foreach (var program in (string[])["openssl", "curl", "firefox-esr", "chromium", "certutil"])
            Tool.Require(program);
        var page = await File.ReadAllTextAsync(English, TestContext.Current.CancellationToken);
        var steps = Steps(page).ToArray();
        Assert.True(steps.Length > 15);
        var printed = await RunAsync(steps);
        if (Environment.GetEnvironmentVariable("OCSPLAB_UPDATE_DOCS") is not null)
        {
            foreach (var file in (string[])[English, Chinese])
                await File.WriteAllTextAsync(
                    file,
                    Rewrite(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), printed),
                    TestContext.Current.CancellationToken
                );
            return;
        }

        foreach (var (step, said) in steps.Zip(printed))
            Assert.True(
                Still(step.Output) == Still(said),
                $"$ {step.Command}\n\nthe page:\n{step.Output}\n\nreally:\n{said}"
            );
    }

    [Fact]
    public void Both_editions_show_the_same() =>
        Assert.Equal(
            ConsoleBlocks().Matches(File.ReadAllText(English)).Select(match => match.Value),
            ConsoleBlocks().Matches(File.ReadAllText(Chinese)).Select(match => match.Value)
        );

    [Fact]
    public void Every_picture_is_there()
    {
        var pictures = Pictures().Matches(File.ReadAllText(English)).Select(match => match.Groups[1].Value).ToArray();
        Assert.NotEmpty(pictures);
        Assert.All(pictures, picture =>
            Assert.True(File.Exists(Path.Combine(Repository.Root, "docs", picture)), picture)
        );
        Assert.Equal(pictures, Pictures().Matches(File.ReadAllText(Chinese)).Select(match => match.Groups[1].Value));
    }

    // One shell for all, so that each step finds what the last one left.
    private async Task<IReadOnlyList<string>> RunAsync(IReadOnlyList<Step> steps)
    {
        using var folder = new TempFolder();
        var script = new StringBuilder("exec 2>&1\n");
        for (var number = 0; number < steps.Count; number++)
        {
            script.AppendLine($"printf '{Mark}{number}\\n'");
            script.AppendLine(
                steps[number].Command.StartsWith("ocsplab() {", StringComparison.Ordinal)
                    ? $"ocsplab() {{ {Programs.Quote(["dotnet", Programs.Cli])} \"$@\" --lab {lab.Folder}; }}"
                    : Here(steps[number].Command)
            );
        }

        await File.WriteAllTextAsync(folder["steps.sh"], script.ToString(), TestContext.Current.CancellationToken);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(5));
        var result = await Tool.RunAsync("bash", [folder["steps.sh"]], folder.Path, patience.Token);
        var parts = result
            .Output.Split(Mark)[1..]
            .Select(part => There(part[(part.IndexOf('\n', StringComparison.Ordinal) + 1)..].TrimEnd()))
            .ToArray();
        Assert.Equal(steps.Count, parts.Length);
        return parts;
    }

    /// <summary>The page's ports and folder into this lab's.</summary>
    private string Here(string text) =>
        text.Replace(".lab", lab.Folder, StringComparison.Ordinal)
            .Replace($"echocert{lab.Folder}", "echocert.lab", StringComparison.Ordinal)
            .Replace(":8443", $":{lab.Ports.Nginx}", StringComparison.Ordinal)
            .Replace(" 8443", $" {lab.Ports.Nginx}", StringComparison.Ordinal)
            .Replace(":9443", $":{lab.Ports.Kestrel}", StringComparison.Ordinal)
            .Replace(" 9443", $" {lab.Ports.Kestrel}", StringComparison.Ordinal)
            .Replace(":8888", $":{lab.Ports.Responder}", StringComparison.Ordinal)
            .Replace(":5533", $":{lab.Ports.Dns}", StringComparison.Ordinal);

    private string There(string text) =>
        text.Replace(lab.Folder, ".lab", StringComparison.Ordinal)
            .Replace($":{lab.Ports.Nginx}", ":8443", StringComparison.Ordinal)
            .Replace($":{lab.Ports.Kestrel}", ":9443", StringComparison.Ordinal)
            .Replace($" {lab.Ports.Nginx}:", " 8443:", StringComparison.Ordinal)
            .Replace($" {lab.Ports.Kestrel}:", " 9443:", StringComparison.Ordinal)
            .Replace($":{lab.Ports.Responder}", ":8888", StringComparison.Ordinal)
            .Replace($":{lab.Ports.Dns}", ":5533", StringComparison.Ordinal);

    /// <summary>What changes with every run, made the same.</summary>
    private static string Still(string text) => Spaces().Replace(Moving().Replace(text, "~"), " ").Trim();

    private static IEnumerable<Step> Steps(string page)
    {
        foreach (var block in ConsoleBlocks().Matches(page).Select(match => match.Groups[1].Value))
        {
            foreach (var step in block.Split("\n$ ").Select(text => text.TrimStart('$', ' ')))
            {
                var lines = step.Split('\n');
                // A command goes on over lines that end in a backslash.
                var length = 1 + lines.TakeWhile(line => line.EndsWith('\\')).Count();
                yield return new Step(string.Join('\n', lines[..length]), string.Join('\n', lines[length..]).TrimEnd());
            }
        }
    }

    private static string Rewrite(string page, IReadOnlyList<string> printed)
    {
        var next = 0;
        return ConsoleBlocks()
            .Replace(page, block =>
            {
                var text = new StringBuilder("```console\n");
                foreach (var step in Steps(block.Value))
                {
                    text.Append("$ ").AppendLine(step.Command);
                    if (printed[next++] is { Length: > 0 } output)
                        text.AppendLine(output);
                }

                return text.Append("```").ToString();
            });
    }

    private sealed record Step(string Command, string Output);

    private const string Mark = "@@step ";

    [GeneratedRegex("```console\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ConsoleBlocks();

    [GeneratedRegex(@"!\[[^\]]*\]\((images/[^)]+)\)")]
    private static partial Regex Pictures();

    // Dates, times, serial numbers and hashes, process and connection numbers, versions, ports of clients,
    // milliseconds, counts of time.
    [GeneratedRegex(
        @"(?<=Chromium |Firefox )\d[\w.]*|\d{4}[-/]\d\d[-/]\d\d|(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d+|"
            + @"\b\d{4}(?= GMT)|\d\d:\d\d:\d\d(\.\d+)?|\b[0-9A-Fa-f]{16,}\b|"
            + @"\d+#\d+|\*\d+|\b(?!127\.0\.0\.1\b)\d+(\.\d+){1,3}\b(?!:)|"
            + @"rv:\S+|\d+(\.\d+)? ms|TLS_\w+|\d+ min\w*"
    )]
    private static partial Regex Moving();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
