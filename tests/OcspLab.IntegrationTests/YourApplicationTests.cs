using System.Text.RegularExpressions;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>The page that takes somebody's application to its first staple, followed to the letter.</summary>
[Trait("Ring", "long")]
public sealed partial class YourApplicationTests(LabFixture lab) : IClassFixture<LabFixture>, IDisposable
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs/your-application.md"));

    private readonly TempFolder _folder = new();
    private readonly int _port = FreePort.Find();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("dotnet pack src/packages")]
    [InlineData("dotnet add ../shop reference")]
    public async Task It_leads_from_a_new_application_to_its_first_staple(string way)
    {
        await RunAsync("dotnet new web");
        await RunAsync(way);
        var issued = await RunAsync("./ocsplab pki issue");
        await WriteAsync("appsettings.json", Settings().Match(issued).Groups[1].Value);
        await WriteAsync("Program.cs", CSharpBlock().Match(Page).Groups[1].Value);
        await using var application = new RunningProgram(["bash", "-c", Script("dotnet run")]);
        await Poll.UntilAsync(
            () => application.HasExited || application.Output.Contains("Now listening on", StringComparison.Ordinal),
            "the application listens",
            180
        );
        Assert.False(application.HasExited, application.Output + application.Error);
        var seen = await RunAsync("./ocsplab inspect", mayFail: true);
        Assert.True(
            seen.StartsWith("staple        good", StringComparison.Ordinal),
            $"{seen}\n{application.Output}\n{application.Error}"
        );
        Assert.Contains("shop-test", await RunAsync("./ocsplab pki revoke"), StringComparison.Ordinal);
        // The next of the two gets a certificate of the same name.
        await lab.OcspLabAsync("pki", "issue", "shop-test", "--force");
    }

    [Fact]
    public async Task The_command_can_be_installed() =>
        Assert.Matches(@"\d+\.\d+\.\d+", await RunAsync("dotnet tool install"));

    private async Task WriteAsync(string file, string content) =>
        await File.WriteAllTextAsync(
            _folder[$"shop/{file}"],
            content.Replace("5443", $"{_port}", StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );

    private async Task<string> RunAsync(string mark, bool mayFail = false)
    {
        var result = await Tool.RunAsync("bash", ["-c", Script(mark)], null, TestContext.Current.CancellationToken);
        Assert.True(mayFail || result.ExitCode == 0, result.Output + result.Error);
        return result.Output;
    }

    // Beside this clone there is nothing to be left behind, and nothing may stay in this machine's package folder.
    private string Script(string mark)
    {
        var block = BashBlocks()
            .Matches(Page)
            .Select(match => match.Groups[1].Value)
            .First(text => text.Contains(mark, StringComparison.Ordinal));
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages");
        return $"""
            set -e
            cd {Programs.Quote([Repository.Root])}
            export NUGET_PACKAGES={Programs.Quote([_folder["cache"]])} MSBUILDDISABLENODEREUSE=1
            export NUGET_FALLBACK_PACKAGES={Programs.Quote([packages])}
            ocsplab() {Braced($"{Programs.Quote(["dotnet", Programs.Cli])} \"$@\"")}
            {block
                .Replace("../", $"{_folder.Path}/", StringComparison.Ordinal)
                .Replace("pki issue", "pki issue --force", StringComparison.Ordinal)
                .Replace("./ocsplab pki", $"ocsplab --lab {lab.Folder} pki", StringComparison.Ordinal)
                .Replace("./ocsplab", "ocsplab", StringComparison.Ordinal)
                .Replace("dotnet pack", $"dotnet pack --no-build -c {Programs.Configuration}", StringComparison.Ordinal)
                .Replace("5443", $"{_port}", StringComparison.Ordinal)}
            """;
    }

    private static string Braced(string body) => "{ " + body + "; }";

    [GeneratedRegex(@"```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex BashBlocks();

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex(@"appsettings\.json:\n(\{.*?\n\})", RegexOptions.Singleline)]
    private static partial Regex Settings();
}
