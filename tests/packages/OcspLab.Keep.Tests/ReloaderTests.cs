using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OcspLab.Keep.Reloading;
using OcspLab.Keep.Settings;
using OcspLab.Testing;

namespace OcspLab.Keep.Tests;

/// <summary>Reloads: once for many changes, not too often, again when they have failed.</summary>
public sealed class ReloaderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly KeepOptions _options = new();

    [Fact]
    public async Task Many_changes_are_one_reload_and_those_of_the_next_seconds_another()
    {
        var reloader = Make($"echo x >> '{_folder["runs"]}'");
        await reloader.StepAsync(Cancellation);
        Assert.Equal(0, Runs);
        for (var change = 0; change < 100; change++)
            reloader.Request();
        await reloader.StepAsync(Cancellation);
        Assert.Equal(1, Runs);
        reloader.Request();
        await reloader.StepAsync(Cancellation);
        Assert.Equal(1, Runs);
        _clock.Advance(_options.ReloadInterval);
        await reloader.StepAsync(Cancellation);
        await reloader.StepAsync(Cancellation);
        Assert.Equal(2, Runs);
    }

    [Fact]
    public async Task One_that_fails_says_why_and_is_tried_again_later_each_time()
    {
        var reloader = Make($"echo x >> '{_folder["runs"]}'; echo no such server >&2; exit 3");
        reloader.Request();
        await reloader.StepAsync(Cancellation);
        Assert.EndsWith("ended with 3: no such server", reloader.Fault, StringComparison.Ordinal);
        var elapsed = TimeSpan.Zero;
        var at = new List<double>();
        while (elapsed < TimeSpan.FromMinutes(20))
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            elapsed += TimeSpan.FromSeconds(5);
            var before = Runs;
            await reloader.StepAsync(Cancellation);
            if (Runs > before)
                at.Add(elapsed.TotalSeconds);
        }

        var pauses = at.Zip(at.Skip(1), (first, second) => second - first).ToList();
        Assert.Equal(20, at[0]);
        Assert.All(pauses, pause => Assert.InRange(pause, 40, 300));
        Assert.Equal(300, pauses[^1]);
    }

    [Fact]
    public async Task Where_the_test_fails_nothing_is_reloaded()
    {
        _options.Test = $"test -e '{_folder["valid"]}'";
        var reloader = Make($"echo x >> '{_folder["runs"]}'");
        reloader.Request();
        await reloader.StepAsync(Cancellation);
        Assert.Equal(0, Runs);
        Assert.NotNull(reloader.Fault);
        await File.WriteAllTextAsync(_folder["valid"], "", Cancellation);
        _clock.Advance(TimeSpan.FromMinutes(5));
        await reloader.StepAsync(Cancellation);
        Assert.Equal(1, Runs);
        Assert.Null(reloader.Fault);
    }

    [Fact]
    public async Task One_that_hangs_is_killed_with_what_it_started()
    {
        _options.CommandTimeout = TimeSpan.FromSeconds(1);
        var reloader = Make($"sleep 77 & echo $! > '{_folder["pid"]}'; wait");
        reloader.Request();
        await reloader.StepAsync(Cancellation);
        Assert.Contains("was killed", reloader.Fault, StringComparison.Ordinal);
        var pid = (await File.ReadAllTextAsync(_folder["pid"], Cancellation)).Trim();
        await Poll.UntilAsync(
            () => !File.Exists($"/proc/{pid}/cmdline") || File.ReadAllText($"/proc/{pid}/cmdline").Length == 0,
            "its end"
        );
    }

    public void Dispose() => _folder.Dispose();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private int Runs => File.Exists(_folder["runs"]) ? File.ReadAllLines(_folder["runs"]).Length : 0;

    private Reloader Make(string command) => new(command, _options, _clock, NullLogger.Instance);
}
