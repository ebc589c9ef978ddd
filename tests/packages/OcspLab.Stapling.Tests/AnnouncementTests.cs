using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Storage;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>
/// What is said at start: where staples are kept, and what in the settings means nothing or too much.
/// </summary>
public sealed class AnnouncementTests : EngineBench
{
    [Fact, Trait("Rule", "S25")]
    public void Staples_are_kept_under_a_home_that_nobody_has_logged_in_to()
    {
        using var home = new TempFolder();
        var directory = DirectoryStapleStore.DefaultDirectory(name =>
            name == "STATE_DIRECTORY" ? home["state/sub:/elsewhere"] : null
        );
        Assert.Equal(Path.Combine(home["state/sub"], "ocsp-staples"), directory);
        // Without systemd: the folder of applications' data, whether or not it exists (HOME of a container).
        Assert.NotNull(DirectoryStapleStore.DefaultDirectory(_ => null));
    }

    [Fact, Trait("Rule", "S25")]
    public async Task The_directory_is_made_and_named()
    {
        using var folder = new TempFolder();
        var log = await StartAsync("StorageDirectory", folder["a/b/staples"]);
        Assert.True(Directory.Exists(folder["a/b/staples"]));
        Assert.Contains(
            folder["a/b/staples"],
            Assert.Single(log, record => record.Id.Name == "StaplesKept").Message,
            StringComparison.Ordinal
        );
    }

    [Fact, Trait("Rule", "S25"), Trait("Rule", "S34")]
    public async Task Where_nothing_can_be_kept_the_log_says_so_and_what_to_do()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["file"], "", TestContext.Current.CancellationToken);
        var log = await StartAsync("StorageDirectory", folder["file/staples"]);
        var said = Assert.Single(log, record => record.Id.Name == "StaplesNotKept");
        Assert.Equal(LogLevel.Warning, said.Level);
        Assert.Contains("OcspStapling:StorageDirectory", said.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "S34")]
    public async Task A_key_that_this_version_does_not_know_is_warned_about_and_does_not_stop_the_start()
    {
        var log = await StartAsync("StartupTimout", "00:00:01");
        var said = Assert.Single(log, record => record.Id.Name == "SettingUnknown");
        Assert.Contains("OcspStapling:StartupTimout", said.Message, StringComparison.Ordinal);
        Assert.Contains("StartupTimeout", said.Message, StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "S27"), Trait("Rule", "S34")]
    [InlineData(MustStaplePolicy.Refuse, "MustStapleTurnedOff", LogLevel.Error)]
    [InlineData(MustStaplePolicy.Serve, "StaplingOff", LogLevel.Information)]
    public void A_certificate_that_must_be_stapled_and_is_turned_off_is_an_error_that_names_both_settings(
        MustStaplePolicy policy,
        string name,
        LogLevel level
    )
    {
        Options.MustStaple = policy;
        Options.Certificates["server"] = new CertificateStaplingOptions { Use = StaplingUse.Off };
        Engine.Add(Staples.MustStapleServer, [Staples.Authority.Certificate]);
        var said = Assert.Single(Log.GetSnapshot(), record => record.Id.Name == name);
        Assert.Equal(level, said.Level);
        if (level == LogLevel.Error)
        {
            Assert.Contains("OcspStapling:Certificates", said.Message, StringComparison.Ordinal);
            Assert.Contains("OcspStapling:MustStaple=Serve", said.Message, StringComparison.Ordinal);
        }
    }

    [Theory, Trait("Rule", "S20")]
    [InlineData("http://ocsp.example.test")]
    [InlineData("http://ocsp.example.test/")]
    [InlineData("HTTP://OCSP.example.test:80/")]
    public void A_responder_may_be_asked_in_place_of_another(string named)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    [$"OcspStapling:Responders:{named}"] = "http://10.0.0.8:8080/ocsp",
                    ["OcspStapling:Responders:http://another.example.test"] = "http://10.0.0.9",
                }
            )
            .Build();
        using var services = Services(configuration, new FakeLogCollector());
        var options = services.GetRequiredService<IOptions<StaplingOptions>>().Value;
        Assert.Equal(2, options.Responders.Count);
        var source = StapleSource.Select([new Uri("http://ocsp.example.test")], [], options);
        Assert.Equal([new Uri("http://10.0.0.8:8080/ocsp")], source.Urls);
    }

    private static async Task<IReadOnlyList<FakeLogRecord>> StartAsync(string key, string value)
    {
        var log = new FakeLogCollector();
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { [$"OcspStapling:{key}"] = value })
            .Build();
        await using var services = Services(configuration, log);
        foreach (var service in services.GetServices<IHostedService>().OfType<IHostedLifecycleService>())
        {
            await service.StartingAsync(TestContext.Current.CancellationToken);
            await service.StartedAsync(TestContext.Current.CancellationToken);
        }

        return log.GetSnapshot();
    }

    private static ServiceProvider Services(IConfiguration configuration, FakeLogCollector log)
    {
        var services = new ServiceCollection()
            .AddSingleton(configuration)
            .AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(log)));
        services.AddOcspStapling(configuration);
        return services.BuildServiceProvider();
    }
}
