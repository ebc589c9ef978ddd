using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OcspLab.Keep.Keeping;
using OcspLab.Keep.Settings;
using OcspLab.Testing;

namespace OcspLab.Keep.Tests;

/// <summary>The loop around all certificates.</summary>
public sealed class KeeperTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task A_look_that_meets_a_defect_is_followed_by_the_next()
    {
        var options = new KeepOptions();
        options.Certificates["site"] = new KeptCertificateOptions
        {
            Certificate = _folder["none.pem"],
            StapleFile = _folder["staple.der"],
        };
        var stapler = new ScriptedStapler();
        stapler.Fail(times: 1);
        using var keeper = new Keeper(new Monitor(options), stapler, TimeProvider.System, NullLoggerFactory.Instance);
        await keeper.StartAsync(TestContext.Current.CancellationToken);
        await Poll.UntilAsync(
            () => keeper.Certificates is [{ Fault: { } fault }] && fault.Contains("none.pem", StringComparison.Ordinal),
            "a look that was not disturbed"
        );
        await keeper.StopAsync(TestContext.Current.CancellationToken);
        Assert.True(keeper.ExecuteTask!.IsCompletedSuccessfully);
    }

    public void Dispose() => _folder.Dispose();

    private sealed class Monitor(KeepOptions options) : IOptionsMonitor<KeepOptions>
    {
        public KeepOptions CurrentValue => options;

        public KeepOptions Get(string? name) => options;

        public IDisposable? OnChange(Action<KeepOptions, string?> listener) => null;
    }
}
