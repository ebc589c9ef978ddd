using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary><c>ocsplab keep</c> as a service of systemd, as far as one can see it without being its child.</summary>
public sealed partial class KeepServiceTests : KeepBench
{
    [Fact]
    public async Task It_tells_systemd_that_it_is_ready_and_alive_and_stops()
    {
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(Folder["notify"]));
        await using var responder = await RespondAsync("--ndays", "1");
        await using var keep = new RunningProgram([
            $"NOTIFY_SOCKET={Folder["notify"]}",
            "WATCHDOG_USEC=400000",
            "dotnet",
            Programs.Cli,
            "keep",
            "--cert",
            Folder["fullchain.pem"],
            "--out",
            Folder["staple.der"],
            "--state",
            Folder["state"],
        ]);
        Assert.Equal("READY=1", await ReceiveAsync());
        Assert.Equal("WATCHDOG=1", await ReceiveAsync());
        Assert.Equal("WATCHDOG=1", await ReceiveAsync());
        keep.Interrupt();
        string last;
        do last = await ReceiveAsync();
        while (last == "WATCHDOG=1");
        Assert.Equal("STOPPING=1", last);
        Assert.Equal(0, await keep.WaitAsync());

        async Task<string> ReceiveAsync()
        {
            var buffer = new byte[256];
            using var timer = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            var length = await systemd.ReceiveAsync(buffer, SocketFlags.None, timer.Token);
            return Encoding.UTF8.GetString(buffer, 0, length).Trim();
        }
    }

    [Fact]
    public async Task The_unit_of_the_page_is_one_that_systemd_understands()
    {
        var analyze = Tool.Require("systemd-analyze");
        var page = await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "docs/keep.md"),
            TestContext.Current.CancellationToken
        );
        // The program and its user are those of this machine.
        var unit = Unit()
            .Match(page)
            .Groups[1]
            .Value.Replace("/usr/local/bin/ocsplab", "/bin/true", StringComparison.Ordinal)
            .Replace("User=ocsplab", "User=daemon", StringComparison.Ordinal);
        var file = Folder["ocsplab-keep.service"];
        await File.WriteAllTextAsync(file, unit, TestContext.Current.CancellationToken);
        var verified = await Tool.RunAsync(analyze, "verify", "--man=no", file);
        // What it says of other units of this machine is not ours.
        Assert.DoesNotContain("ocsplab-keep.service", verified.Error, StringComparison.Ordinal);
        Assert.Contains("WatchdogSec", unit, StringComparison.Ordinal);
    }

    [GeneratedRegex("(?s)```ini\n(.*?)```")]
    private static partial Regex Unit();
}
