using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Stapling.Tests;

/// <summary>Settings from a configuration: what is taken from it, and what of a slip is said.</summary>
public sealed class StaplingSettingsTests
{
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
