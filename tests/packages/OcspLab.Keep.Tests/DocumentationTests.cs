using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Keep.Settings;
using OcspLab.Stapling;

namespace OcspLab.Keep.Tests;

/// <summary>docs/keep.md says what is so.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "keep.md"));

    [Fact]
    public void Every_log_event_is_listed_with_its_level_and_none_that_does_not_exist()
    {
        var real = typeof(KeepOptions)
            .Assembly.GetTypes()
            .SelectMany(type =>
                type.GetMethods(
                    BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly
                )
            )
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>()
            .Select(message => $"{message.EventId} {message.EventName} {message.Level}")
            .Order(StringComparer.Ordinal);
        Assert.Equal(
            real,
            EventRow().Matches(Page).Select(row => $"{row.Groups[1].Value} {row.Groups[2].Value} {row.Groups[3].Value}")
        );
    }

    [Fact]
    public void Every_setting_is_listed_with_its_default() =>
        Assert.Equal(
            Settings(new KeepOptions())
                .Where(setting => !setting.StartsWith("Certificates", StringComparison.Ordinal))
                .Concat(Settings(new KeptCertificateOptions()))
                .Order(StringComparer.Ordinal),
            SettingRow()
                .Matches(Page)
                .Select(row => $"{row.Groups[1].Value}={row.Groups[2].Value}")
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public void The_configuration_can_be_used()
    {
        using var json = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Json().Match(Page).Groups[1].Value));
        var configuration = new ConfigurationBuilder().AddJsonStream(json).Build();
        var services = new ServiceCollection();
        services.AddOcspKeep(configuration);
        using var provider = services.BuildServiceProvider();
        Assert.Equal(2, provider.GetRequiredService<IOptions<KeepOptions>>().Value.Certificates.Count);
        Assert.Equal(
            "/var/lib/ocsplab/state",
            provider.GetRequiredService<IOptions<StaplingOptions>>().Value.StorageDirectory
        );
    }

    private static IEnumerable<string> Settings(object options) =>
        from property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        select $"{property.Name}={Convert.ToString(property.GetValue(options), CultureInfo.InvariantCulture)}";

    [GeneratedRegex(@"(?m)^\| (\d{4}) \| (\w+) \| (\w+) \|")]
    private static partial Regex EventRow();

    [GeneratedRegex(@"(?m)^\| `(\w+)` \| (?:`([^`]+)`)? ?\| \S")]
    private static partial Regex SettingRow();

    [GeneratedRegex(@"(?s)```json\n(.*?)```")]
    private static partial Regex Json();
}
