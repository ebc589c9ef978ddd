using OcspLab.Lab.Nginx;
using OcspLab.Lab.Processes;
using OcspLab.Testing;

namespace OcspLab.Lab.Tests;

/// <summary>The child's life, with a child that only waits.</summary>
public sealed class NginxProcessTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public NginxProcessTests() => Directory.CreateDirectory(_folder["logs"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_it_says_of_ocsp_in_its_log_is_told_without_time_and_numbers()
    {
        Directory.CreateDirectory(_folder["logs"]);
        var nginx = new NginxProcess(new Waiting(_folder["started"]), _folder.Path, TimeProvider.System);
        Assert.Null(nginx.LastOcspError());
        File.WriteAllLines(
            _folder["logs/echo_error.log"],
            [
                "2026/11/26 08:00:00 [error] 8#8: *1 something else while SSL handshaking",
                "2026/11/26 08:00:01 [error] 8#8: certificate status \"revoked\" in the OCSP response while requesting "
                    + "certificate status, responder: ocsp.servicelab.com",
            ]
        );
        Assert.Equal("certificate status \"revoked\" in the OCSP response", nginx.LastOcspError());
    }

    [Fact]
    public async Task However_many_want_a_restart_one_child_runs()
    {
        var nginx = new NginxProcess(new Waiting(_folder["started"]), _folder.Path, TimeProvider.System);
        await nginx.StartAsync(TestContext.Current.CancellationToken);
        await Task.WhenAll(
            Enumerable.Range(0, 5).Select(_ => nginx.RestartAsync(TestContext.Current.CancellationToken))
        );
        // A child that is ended at once has not put itself down.
        await Poll.UntilAsync(() => Started().Any(IsAlive), "a child that stays");
        Assert.False(nginx.HasEnded);
        Assert.Single(Started(), IsAlive);
        await nginx.DisposeAsync();
        Assert.DoesNotContain(Started(), IsAlive);
    }

    [Fact]
    public async Task What_ended_by_itself_is_revived_once()
    {
        var nginx = new NginxProcess(new Waiting(_folder["started"]), _folder.Path, TimeProvider.System);
        await nginx.StartAsync(TestContext.Current.CancellationToken);
        await Poll.UntilAsync(() => Started().Length == 1, "the start");
        ChildProcess.Signal(Started()[0], System.Runtime.InteropServices.PosixSignal.SIGTERM);
        await Poll.UntilAsync(() => nginx.HasEnded, "the end is seen");
        await Task.WhenAll(
            nginx.ReviveAsync(TestContext.Current.CancellationToken),
            nginx.ReviveAsync(TestContext.Current.CancellationToken)
        );
        await Poll.UntilAsync(() => Started().Length == 2, "the second start");
        Assert.False(nginx.HasEnded);
        await nginx.DisposeAsync();
        await nginx.RestartAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, Started().Length);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named()
    {
        var nginx = new NginxProcess(
            new Waiting(_folder["started"], "/nowhere/nginx"),
            _folder.Path,
            TimeProvider.System
        );
        Assert.Contains(
            "/nowhere/nginx cannot be started",
            (
                await Assert.ThrowsAsync<LabException>(() => nginx.StartAsync(TestContext.Current.CancellationToken))
            ).Message,
            StringComparison.Ordinal
        );
    }

    private int[] Started() =>
        File.Exists(_folder["started"]) ? [.. File.ReadAllLines(_folder["started"]).Select(int.Parse)] : [];

    private static bool IsAlive(int processId) => Directory.Exists($"/proc/{processId}");

    private sealed class Waiting(string log, string shell = "sh") : INginxLauncher
    {
        public string ReloadCommand => "true";

        public string Origin => "a test";

        public IReadOnlyList<string> Command(params string[] arguments) =>
            [shell, "-c", "echo $$ >> \"$0\"; exec sleep 600", log];

        public void WriteConfiguration() { }

        public Task RemoveAsync() => Task.CompletedTask;
    }
}
