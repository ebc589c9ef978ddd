using OcspLab.Ocsp.Responses;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary><c>ocsplab keep</c> as a command: once, to check, killed, and told what makes no sense.</summary>
public sealed class KeepCommandTests : KeepBench
{
    [Fact]
    public async Task Once_and_check_say_how_it_is_by_their_exit_code()
    {
        string[] one = ["--cert", Folder["fullchain.pem"], "--out", Folder["staple.der"], "--state", Folder["state"]];
        Assert.Equal(4, (await KeepAsync("--once", one)).ExitCode);
        Assert.Equal(4, (await KeepAsync("--check", one)).ExitCode);
        await using (await RespondAsync("--ndays", "1"))
        {
            var good = await KeepAsync("--once", [.. one, "--reload", $"echo reloaded >> {Folder["reloads"]}"]);
            Assert.True(good.ExitCode == 0, good.Output + good.Error);
            Assert.Contains("fullchain.pem: good until", good.Output, StringComparison.Ordinal);
            Assert.Equal(0, (await KeepAsync("--check", one)).ExitCode);
            // The same response is no reason to reload.
            await KeepAsync("--once", [.. one, "--reload", $"echo reloaded >> {Folder["reloads"]}"]);
            Assert.Single(File.ReadAllLines(Folder["reloads"]));
            await Authority.RevokeAsync("good", "superseded");
            Assert.Equal(1, (await KeepAsync("--once", one)).ExitCode);
            Assert.Equal(1, (await KeepAsync("--check", one)).ExitCode);
            Assert.Equal(
                69,
                (await KeepAsync("--once", [.. one, "--revoked", "withhold", "--reload", "false"])).ExitCode
            );
        }

        await File.WriteAllTextAsync(Folder["staple.der"], "?", TestContext.Current.CancellationToken);
        Assert.Equal(3, (await KeepAsync("--check", one)).ExitCode);
    }

    [Fact]
    public async Task Another_responder_than_the_certificates_is_asked_where_it_is_named()
    {
        var elsewhere = FreePort.Find(1)[0];
        string[] one = ["--cert", Folder["fullchain.pem"], "--out", Folder["staple.der"], "--state", Folder["state"]];
        await using var responder = await Authority.RespondAsync(elsewhere, "--index", "index.txt");
        Assert.Equal(4, (await KeepAsync("--once", one)).ExitCode);
        var asked = await KeepAsync("--once", [.. one, "--responder", $"http://127.0.0.1:{elsewhere}/"]);
        Assert.True(asked.ExitCode == 0, asked.Output + asked.Error);
        var nonsense = await KeepAsync("--once", [.. one, "--responder", "ocsp.example"]);
        Assert.Equal(64, nonsense.ExitCode);
        Assert.Contains("--responder is a URL of http or https", nonsense.Error, StringComparison.Ordinal);
    }

    [Fact, Trait("Ring", "long")]
    public async Task Killed_at_any_moment_it_leaves_a_valid_file_or_none()
    {
        await using var responder = await RespondAsync("--ndays", "1");
        string[] one = ["--cert", Folder["fullchain.pem"], "--out", Folder["staple.der"], "--state", Folder["state"]];
        Assert.Equal(0, (await KeepAsync("--once", one)).ExitCode);
        var folders = Enumerable.Range(0, 4).Select(number => Directory.CreateDirectory(Folder[$"kill{number}"]));
        var found = await Task.WhenAll(
            folders.Select(folder =>
                Task.Run(async () =>
                {
                    var file = Path.Combine(folder.FullName, "staple.der");
                    var (none, there) = (0, 0);
                    for (var kill = 0; kill < 25; kill++)
                    {
                        File.Delete(file);
                        await using (
                            var keep = new RunningProgram([
                                "dotnet",
                                Programs.Cli,
                                "keep",
                                "--cert",
                                Folder["fullchain.pem"],
                                "--out",
                                file,
                                "--state",
                                Folder["state"],
                            ])
                        )
                        {
                            // Half of them when the file appears, half at any moment before or after.
                            if (kill % 2 == 0)
                                await Poll.UntilAsync(() => File.Exists(file), "the file");
                            else
                                await Task.Delay(Random.Shared.Next(350, 1100), TestContext.Current.CancellationToken);
                            keep.Kill();
                        }

                        if (!File.Exists(file))
                            none++;
                        else
                        {
                            there++;
                            Assert.True(
                                OcspResponse.TryDecode(File.ReadAllBytes(file), out _, out var rejection),
                                rejection?.ToString()
                            );
                        }
                    }

                    return (none, there);
                })
            )
        );
        Assert.Equal(100, found.Sum(pair => pair.none + pair.there));
        Assert.InRange(found.Sum(pair => pair.there), 50, 100);
    }

    [Theory]
    [InlineData(new[] { "--out", "x.der" }, 64, "Give --cert, or --config")]
    [InlineData(new[] { "--cert", "none.pem" }, 78, "nobody gets its staple")]
    [InlineData(new[] { "--cert", "none.pem", "--nginx-include", "x.conf" }, 78, "names StapleFile, which is missing")]
    [InlineData(new[] { "--cert", "none.pem", "--serve", "8890" }, 78, "is not an address and a port")]
    [InlineData(new[] { "--config", "none.json" }, 69, "none.json")]
    public async Task What_cannot_be_meant_is_refused_with_a_reason(string[] arguments, int code, string why)
    {
        var result = await Tool.RunInAsync(Folder.Path, "dotnet", [Programs.Cli, "keep", .. arguments]);
        Assert.Equal(code, result.ExitCode);
        Assert.Contains(why, result.Error, StringComparison.Ordinal);
    }
}
