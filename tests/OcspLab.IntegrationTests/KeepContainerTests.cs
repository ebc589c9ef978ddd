using System.Text.RegularExpressions;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>What docs/keep.md says of containers, as it stands there.</summary>
[Trait("Ring", "long")]
public sealed partial class KeepContainerTests(ContainerFixture containers) : KeepBench, IClassFixture<ContainerFixture>
{
    private readonly string _prefix = $"ocsplab-{Guid.NewGuid():N}-";

    [Fact]
    public async Task A_sidecar_brings_nginx_its_first_staple_and_a_revocation()
    {
        containers.Require();
        await containers.BuildKeepImageAsync();
        await File.WriteAllTextAsync(
            Folder["keep.json"],
            Settings()
                .Match(Page)
                .Groups[1]
                .Value.Replace(
                    "\"StorageDirectory\"",
                    // Responses last a minute here.
                    "\"MinimumRefreshInterval\": \"00:00:01\", \"StorageDirectory\"",
                    StringComparison.Ordinal
                ),
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            Folder["nginx.conf"],
            // Its own paths within the container; the port of here, because the network is this machine's.
            $"user root; events {{ }} http {{ {Site().Match(Page).Groups[1].Value} }}".Replace(
                "listen 443 ",
                $"listen 127.0.0.1:{ServerPort} ",
                StringComparison.Ordinal
            ),
            TestContext.Current.CancellationToken
        );
        await using var responder = await RespondAsync("--nmin", "1");
        try
        {
            foreach (var command in Commands().Match(Page).Groups[1].Value.Replace("\\\n", "").Split('\n'))
                await RunAsync(command);
            await Poll.UntilAsync(async () => await FirstHandshakeAsync() is "good" or "none", "nginx");
            Assert.Equal("good", await FirstHandshakeAsync());
            await Authority.RevokeAsync("good", "superseded");
            await Poll.UntilAsync(async () => await FirstHandshakeAsync() == "revoked", "the revocation", 90);
        }
        finally
        {
            await containers.RunAsync("rm", "--force", $"{_prefix}keep");
            await containers.RunAsync("rm", "--force", $"{_prefix}nginx");
            await containers.RunAsync("volume", "rm", "--force", $"{_prefix}staple");
        }
    }

    private async Task RunAsync(string command)
    {
        if (command.Trim().Length == 0)
            return;
        var here = command
            .Replace("docker run", $"{containers.Runtime} run --network host", StringComparison.Ordinal)
            .Replace("docker ", $"{containers.Runtime} ", StringComparison.Ordinal)
            .Replace("-p 443:443 ", "", StringComparison.Ordinal)
            .Replace("site-", _prefix, StringComparison.Ordinal)
            .Replace("-v /etc/site:", $"-v {Folder.Path}:", StringComparison.Ordinal)
            .Replace("-v /etc/site/nginx.conf:", $"-v {Folder["nginx.conf"]}:", StringComparison.Ordinal);
        if (here.EndsWith(" nginx", StringComparison.Ordinal))
            here = here[..^5] + containers.Image;
        var result = await Tool.RunAsync("sh", "-c", here);
        Assert.True(result.ExitCode == 0, $"{here}\n{result.Output}{result.Error}");
    }

    private static string Page => File.ReadAllText(Path.Combine(Repository.Root, "docs/keep.md"));

    [GeneratedRegex("(?s)## In containers.*?```bash\n(.*?)```")]
    private static partial Regex Commands();

    [GeneratedRegex("(?s)```json keep.json\n(.*?)```")]
    private static partial Regex Settings();

    [GeneratedRegex("(?s)```nginx\n(.*?)```")]
    private static partial Regex Site();
}
