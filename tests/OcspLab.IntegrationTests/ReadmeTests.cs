using System.Text.RegularExpressions;
using OcspLab.Ocsp.Fetching;
using OcspLab.Stapling;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>The README, and the pages that it leads to, say what is so.</summary>
public sealed partial class ReadmeTests(LabFixture lab) : IClassFixture<LabFixture>
{
    /// <summary>Its ten lines of code.</summary>
    public static string Program => CSharpBlock().Match(Readme).Groups[1].Value;

    private static readonly string Readme = Read("README.md");
    private static readonly string Lab = Read("docs/lab.md");
    private static readonly string Library = Read("docs/library.md");

    [Fact]
    public async Task Its_openssl_command_works_as_it_stands_but_for_the_port()
    {
        lab.RequireNginx();
        var command = BashBlocks()
            .Matches(Lab)
            .Select(match => match.Groups[1].Value)
            .Single(text => text.Contains("s_client", StringComparison.Ordinal));
        var result = await Tool.ShellAsync(
            lab.PkiFolder,
            command.Replace("127.0.0.1:8443", $"127.0.0.1:{lab.Ports.Nginx}", StringComparison.Ordinal)
        );
        Assert.Contains("OCSP Response Status: successful (0x0)", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_line_of_its_table_of_resources_is_in_the_labs_own()
    {
        var names = ResourceLines().Matches(Readme).Select(match => match.Groups[1].Value).ToArray();
        Assert.Equal(["pki", "dns", "responder", "kestrel", "kestrel-builtin", "nginx"], names);
        Assert.All(names, name => Assert.Matches($@"(?m)^ *{name} ", lab.Output));
    }

    [Fact]
    public void It_is_short_and_the_other_language_shows_the_same()
    {
        var chinese = Read("README.zh.md");
        Assert.InRange(Readme.Split('\n').Length, 40, 75);
        Assert.Equal(Links(Readme).Except(["README.zh.md", "docs/article.md"]), Links(chinese).Except(["README.md"]));

        static IEnumerable<string> Links(string page) =>
            MarkdownLinks().Matches(page).Select(match => match.Groups[1].Value).Distinct();
    }

    [Fact]
    public async Task Every_command_it_names_is_one()
    {
        var commands = OcspLabCommands().Matches(Lab).Select(match => match.Groups[1].Value).Distinct().ToArray();
        Assert.True(commands.Length >= 6, string.Join(", ", commands));
        foreach (var command in commands)
        {
            var verb = command.Split(' ').TakeWhile(word => word.All(char.IsLower) && word != "echo").ToArray();
            var help = await Programs.OcspLabAsync([.. verb, "--help"]);
            Assert.True(
                help.ExitCode == 0
                    && help.Output.Contains($"ocsplab {string.Join(' ', verb)}", StringComparison.Ordinal),
                command
            );
        }
    }

    [Fact]
    public void Every_setting_it_names_exists_with_the_default_it_names()
    {
        var stapling = new StaplingOptions();
        var fetch = new OcspClientOptions();
        (string Key, object Value)[] settings =
        [
            ("StartupTimeout", stapling.StartupTimeout),
            ("Revoked", stapling.Revoked),
            ("MinimumRefreshInterval", stapling.MinimumRefreshInterval),
            ("RetryDelay", stapling.RetryDelay),
            ("MaximumRetryDelay", stapling.MaximumRetryDelay),
            ("Verification:ClockSkew", stapling.Verification.ClockSkew),
            ("Verification:AgeWithoutNextUpdate", stapling.Verification.AgeWithoutNextUpdate),
            ("Fetch:Timeout", fetch.Timeout),
            ("Fetch:AttemptTimeout", fetch.AttemptTimeout),
            ("Fetch:MaximumResponseSize", fetch.MaximumResponseSize),
        ];
        Assert.All(
            settings,
            setting => Assert.Matches($@"(?m)^\| .*`{setting.Key}`.* \| .*`{setting.Value}`", Library)
        );
    }

    private static string Read(string page) => File.ReadAllText(Path.Combine(Repository.Root, page));

    [GeneratedRegex(@"\]\(([^)]+)\)")]
    private static partial Regex MarkdownLinks();

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex(@"```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex BashBlocks();

    [GeneratedRegex(@"(?m)^  ([a-z-]+) .*  ready   ")]
    private static partial Regex ResourceLines();

    [GeneratedRegex(@"`ocsplab ([a-z ]+)`")]
    private static partial Regex OcspLabCommands();
}
