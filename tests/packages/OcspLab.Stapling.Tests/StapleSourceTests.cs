using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Verification;
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

    [Fact]
    public void Settings_come_from_configuration_down_to_single_certificates()
    {
        using var services = Services(
            new Dictionary<string, string?>
            {
                ["OcspStapling:MustStaple"] = "Serve",
                ["OcspStapling:Verification:ClockSkew"] = "00:01:00",
                ["OcspStapling:Certificates:*.example.test:Client"] = "inside",
                ["OcspStapling:Clients:inside:Proxy"] = "http://127.0.0.1:3128",
                ["OcspStapling:Certificates:other:Use"] = "Off",
            }
        );
        var options = services.GetRequiredService<IOptions<StaplingOptions>>().Value;
        Assert.Equal(MustStaplePolicy.Serve, options.MustStaple);
        Assert.Equal(TimeSpan.FromMinutes(1), options.Verification.ClockSkew);
        Assert.Equal("inside", options.Certificates["*.EXAMPLE.test"].Client);
        Assert.Equal(StaplingUse.Off, options.Certificates["other"].Use);
        Assert.NotNull(services.GetRequiredKeyedService<IOcspClient>("inside"));
        Assert.Equal(
            new Uri("http://127.0.0.1:3128"),
            services.GetRequiredService<IOptionsMonitor<OcspClientOptions>>().Get("inside").Proxy
        );
    }

    [Fact]
    public void Every_setting_can_be_configured()
    {
        var settings = new Dictionary<string, string?>();
        (string Section, Type Type)[] all =
        [
            ("OcspStapling", typeof(StaplingOptions)),
            ("OcspStapling:Fetch", typeof(OcspClientOptions)),
            ("OcspStapling:Verification", typeof(VerificationPolicy)),
            ("OcspStapling:Certificates:one", typeof(CertificateStaplingOptions)),
        ];
        var simple = all.SelectMany(options =>
                options
                    .Type.GetProperties()
                    .Where(property => property.CanWrite && Sample(property) is not null)
                    .Select(property => (Key: $"{options.Section}:{property.Name}", options.Type, Property: property))
            )
            .ToArray();
        foreach (var (key, _, property) in simple)
            settings[key] = Sample(property);
        // A certificate has one source, and a client that is registered.
        settings["OcspStapling:Certificates:one:File"] = null;
        settings["OcspStapling:Clients:sample:Retries"] = "1";
        settings["OcspStapling:Fetch:Resolvers:0"] = "127.0.0.1";

        using var services = Services(settings);
        var stapling = services.GetRequiredService<IOptions<StaplingOptions>>().Value;
        var fetch = services.GetRequiredService<IOptions<OcspClientOptions>>().Value;
        Assert.Equal(["127.0.0.1"], fetch.Resolvers);
        foreach (var (key, type, property) in simple.Where(setting => settings[setting.Key] is not null))
        {
            object holder =
                type == typeof(StaplingOptions) ? stapling
                : type == typeof(OcspClientOptions) ? fetch
                : type == typeof(VerificationPolicy) ? stapling.Verification
                : stapling.Certificates["one"];
            Assert.True(
                settings[key] == Text(property.GetValue(holder)),
                $"{key} is {Text(property.GetValue(holder))}"
            );
        }
    }

    private Task ChangeAsync()
    {
        Monitor.Changed();
        return AdvanceAsync(TimeSpan.FromSeconds(1));
    }

    // In every setting's bounds, and no setting's default.
    private static string? Sample(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return type == typeof(TimeSpan)
            ? property.Name == nameof(StaplingOptions.FirstHandshakeTimeout)
                ? "00:00:07"
                : "00:01:00"
            : type == typeof(int)
                ? property.Name == nameof(OcspClientOptions.MaximumResponseSize)
                    ? "2048"
                    : "7"
                : type == typeof(Uri)
                    ? "http://127.0.0.1:1/"
                    : type == typeof(string)
                        ? "sample"
                        : type.IsEnum
                            ? Enum.GetNames(type)[^1]
                            : null;
    }

    private static string? Text(object? value) =>
        value is TimeSpan span
            ? span.ToString("c", CultureInfo.InvariantCulture)
            : Convert.ToString(value, CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("Certificates:one:Client", "nobody", "Certificates:one:Client")]
    [InlineData("Certificates:one:Responder", "ftp://127.0.0.1", "Certificates:one:Responder")]
    [InlineData("Storage", "DistributedCache", "IDistributedCache")]
    [InlineData("Issuers:0", "no-such.pem", "no-such.pem")]
    [InlineData("MaximumConcurrency", "0", "MaximumConcurrency")]
    [InlineData(
        "Verification:ClockSkew",
        "2.00:00:00",
        "OcspStapling:Verification:ClockSkew: '2.00:00:00' is not from 00:00:00 to 1.00:00:00."
    )]
    [InlineData(
        "StartupTimeout",
        "00:20:00",
        "OcspStapling:StartupTimeout: '00:20:00' is not from 00:00:00 to 00:10:00."
    )]
    [InlineData("Responder", "ftp://x/", "OcspStapling:Responder: 'ftp://x/'")]
    [InlineData("Responders:ftp://x", "http://y", "OcspStapling:Responders: 'ftp://x'")]
    [InlineData("Responders:http://x", "y", "OcspStapling:Responders:http://x: 'y'")]
    public void A_slip_in_the_settings_shows_at_start_with_its_key(string key, string value, string named)
    {
        using var services = Services(new Dictionary<string, string?> { [$"OcspStapling:{key}"] = value });
        var exception = Assert.Throws<OptionsValidationException>(() =>
            services.GetRequiredService<IOptions<StaplingOptions>>().Value
        );
        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Fetch:Retries", "99", "OcspStapling:Fetch:Retries: '99' is not from 0 to 10.")]
    [InlineData("Fetch:Resolvers:0", "dns.example", "OcspStapling:Fetch:Resolvers: 'dns.example'")]
    [InlineData(
        "Clients:inside:AttemptTimeout",
        "00:00:00",
        "OcspStapling:Clients:inside:AttemptTimeout: '00:00:00' is not from 00:00:00.1 to 00:02:00."
    )]
    [InlineData("Clients:inside:Proxy", "ftp://x/", "OcspStapling:Clients:inside:Proxy: 'ftp://x/'")]
    public void A_slip_in_the_settings_of_a_client_shows_with_its_key(string key, string value, string named)
    {
        using var services = Services(new Dictionary<string, string?> { [$"OcspStapling:{key}"] = value });
        var clients = services.GetRequiredService<IOptionsMonitor<OcspClientOptions>>();
        var exception = Assert.Throws<OptionsValidationException>(() =>
            clients.Get(key.StartsWith("Clients", StringComparison.Ordinal) ? "inside" : "")
        );
        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MaximumConcurrency", "0")]
    [InlineData("Revoked", "Hide")]
    [InlineData("Responders:http://ocsp.example.test", "http://ocsp.example.test:port/")]
    [InlineData("Fetch:Retries", "99")]
    [InlineData("Fetch:Resolvers:0", "dns.example")]
    public void A_change_to_settings_that_are_not_valid_is_left_aside_at_once_with_a_line(string key, string value)
    {
        var log = new FakeLogCollector();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([]).Build();
        var collection = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(log)));
        collection.AddOcspStapling(configuration);
        using var services = collection.BuildServiceProvider();
        var stapling = services.GetRequiredService<IOptionsMonitor<StaplingOptions>>();
        var fetch = services.GetRequiredService<IOptionsMonitor<OcspClientOptions>>();
        var before = (
            stapling.CurrentValue.MaximumConcurrency,
            stapling.CurrentValue.Revoked,
            fetch.CurrentValue.Retries
        );

        configuration[$"OcspStapling:{key}"] = value;
        configuration.Reload();
        Assert.Contains(
            key.Split(':')[^1] is "0" ? "Resolvers" : key.Split(':')[^1],
            Assert.Single(log.GetSnapshot(), record => record.Id.Name == "SettingsRejected").Message,
            StringComparison.Ordinal
        );
        Assert.Equal(
            before,
            (stapling.CurrentValue.MaximumConcurrency, stapling.CurrentValue.Revoked, fetch.CurrentValue.Retries)
        );
        Assert.Empty(fetch.CurrentValue.Resolvers);
    }

    private static ServiceProvider Services(Dictionary<string, string?> settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddLogging();
        services.AddOcspStapling(configuration);
        return services.BuildServiceProvider();
    }
}
