using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>What the settings say of single certificates, at start and at run time.</summary>
public sealed class StapleSourceTests : EngineBench
{
    private readonly TempFolder _folder = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    [Fact, Trait("Rule", "S20")]
    public async Task A_certificate_may_have_a_responder_of_its_own()
    {
        var own = new Uri("http://own.example.test");
        Options.Responder = new Uri("http://general.example.test");
        Options.Certificates["server"] = new CertificateStaplingOptions { Responder = own };
        Client.Answer(Staples.Verified());
        await AddAndWaitAsync();
        Assert.Equal([own], Client.LastUrls);
    }

    [Theory, Trait("Rule", "S37")]
    [InlineData(false, "good")]
    [InlineData(true, "bad_signature")]
    public async Task A_staple_from_a_file_goes_through_the_same_door(bool tampered, string expected)
    {
        var bytes = Staples.Verified().Encoded.ToArray();
        if (tampered)
            bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(_folder["given.der"], bytes, TestContext.Current.CancellationToken);
        Options.Certificates[StapleSlot.KeyOf(Staples.Server)] = new CertificateStaplingOptions
        {
            File = _folder["given.der"],
        };
        var slot = await AddAndWaitAsync();
        Assert.Equal(!tampered, slot.Current is not null);
        Assert.Contains(
            expected,
            $"{slot.Status.LastOutcome.ToTag()}: {slot.Status.LastDetail}",
            StringComparison.Ordinal
        );
        Assert.Equal(0, Client.Calls);
    }

    [Fact, Trait("Rule", "S37")]
    public async Task A_file_that_is_missing_is_named_and_looked_for_again()
    {
        Options.Certificates["server"] = new CertificateStaplingOptions { File = _folder["given.der"] };
        var slot = await AddAndWaitAsync();
        Assert.Contains("given.der", slot.Status.LastDetail, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(
            _folder["given.der"],
            Staples.Verified().Encoded.ToArray(),
            TestContext.Current.CancellationToken
        );
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromMinutes(1));
                return slot.Current is not null;
            },
            "the file is found"
        );
    }

    [Theory, Trait("Rule", "S37")]
    [InlineData(FileKind.Pipe, "could not be read within 5 s")]
    [InlineData(FileKind.Endless, "more than 65536 bytes")]
    public async Task A_file_that_never_ends_has_a_deadline_and_a_limit(FileKind kind, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no named pipes in directories");
        var path = kind == FileKind.Endless ? "/dev/zero" : _folder["pipe"];
        if (kind == FileKind.Pipe)
            using (var made = System.Diagnostics.Process.Start("mkfifo", path))
                await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        Options.Certificates["server"] = new CertificateStaplingOptions { File = path };
        var slot = Add();
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromSeconds(1));
                return slot.Status.LastOutcome == RefreshOutcome.Failed;
            },
            "it is given up"
        );
        Assert.Contains(expected, slot.Status.LastDetail, StringComparison.Ordinal);
    }

    public enum FileKind
    {
        Pipe,
        Endless,
    }

    [Fact, Trait("Rule", "S36")]
    public async Task Stapling_can_be_turned_off_and_on_again_while_the_server_runs()
    {
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        Assert.NotNull(slot.Current);
        Options.Certificates["server"] = new CertificateStaplingOptions { Use = StaplingUse.Off };
        await ChangeAsync();
        await Poll.UntilAsync(() => slot.Current is null && slot.Status.Source == StapleSourceKind.Off, "it is off");
        Options.Certificates.Clear();
        Client.Answer(Staples.Verified(thisUpdate: TestAuthority.Now));
        await ChangeAsync();
        await Poll.UntilAsync(
            () => slot.Current is not null && slot.Status.Source == StapleSourceKind.Responder,
            "it is on again"
        );
    }

    [Fact, Trait("Rule", "S36")]
    public async Task A_correction_of_the_settings_is_tried_at_once_and_acknowledged()
    {
        Client.Fail();
        var slot = await AddAndWaitAsync();
        Assert.Equal(RefreshOutcome.Failed, slot.Status.LastOutcome);
        // What was wrong may be in a setting that the engine does not see, such as a name server.
        Client.Answer(Staples.Verified());
        await ChangeAsync();
        await Poll.UntilAsync(() => slot.Current is not null, "the correction is tried");
        Assert.Contains(Log.GetSnapshot(), record => record.Id.Name == "SettingsChanged");
    }

    [Theory, Trait("Rule", "S36")]
    [InlineData("Logging:LogLevel:Default", 0)]
    [InlineData("OcspStapling:Fetch:Proxy", 1)]
    public async Task A_reload_that_changes_nothing_of_stapling_does_not_bypass_the_waits(string key, int changes)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([]).Build();
        Configuration = configuration;
        Client.Fail();
        await AddAndWaitAsync();
        var calls = Client.Calls;
        configuration[key] = "http://127.0.0.1:3128";
        // A watched file tells twice.
        Monitor.Changed();
        await ChangeAsync();
        await ChangeAsync();
        Assert.Equal(changes, Log.GetSnapshot().Count(record => record.Id.Name == "SettingsChanged"));
        Assert.Equal(calls + changes, Client.Calls);
    }

    [Fact, Trait("Rule", "S36")]
    public async Task A_change_of_the_settings_asks_nobody_again_where_all_is_well()
    {
        Client.Answer(Staples.Verified());
        await AddAndWaitAsync();
        var calls = Client.Calls;
        await ChangeAsync();
        Assert.Equal(calls, Client.Calls);
    }

    [Fact, Trait("Rule", "S33")]
    public async Task A_refresh_on_demand_asks_now_and_waits_for_the_answer()
    {
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        var fresh = Staples.Verified(thisUpdate: TestAuthority.Now);
        Client.Answer(fresh);
        var staples = await Engine.RefreshAsync(slot.Key.ToUpperInvariant(), TestContext.Current.CancellationToken);
        Assert.Same(fresh, Assert.Single(staples).Staple);
        Assert.Empty(await Engine.RefreshAsync("no such thumbprint", TestContext.Current.CancellationToken));
    }

    private Task ChangeAsync()
    {
        Monitor.Changed();
        return AdvanceAsync(TimeSpan.FromSeconds(1));
    }
}
