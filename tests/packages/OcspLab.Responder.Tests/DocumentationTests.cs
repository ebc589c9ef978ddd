using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using OcspLab.Responder.Faults;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Responder.Tests;

/// <summary>docs/responder.md says what is so.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "responder.md"));

    [Fact]
    public void Every_log_event_is_listed_with_its_level_and_none_that_does_not_exist()
    {
        var real = typeof(ResponderOptions)
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
    public void Every_setting_is_listed_with_its_default()
    {
        var rows = SettingRow().Matches(Page).ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value);
        var settings = Settings(new ResponderOptions())
            .Concat(Settings(new ResponderServiceOptions()))
            .Where(setting => setting.Key is not ("Authorities" or "FaultSigners"))
            .ToArray();
        Assert.Equal(settings.ToDictionary(setting => setting.Key, setting => setting.Value), rows);
    }

    [Fact]
    public void Every_fault_is_listed() =>
        Assert.All(Enum.GetNames<FaultKind>(), kind =>
            Assert.Contains($"`{JsonNamingPolicy.CamelCase.ConvertName(kind)}`", Page, StringComparison.Ordinal)
        );

    [Fact]
    public async Task Every_metric_is_listed()
    {
        await using var bench = new ResponderBench();
        var names = new System.Collections.Concurrent.ConcurrentBag<string>();
        using var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == ResponderMetrics.MeterName)
                    names.Add($"{instrument.Name} {instrument.Unit}");
            },
        };
        listener.Start();
        await bench.StartAsync();
        Assert.Equal(
            names.Distinct().Order(StringComparer.Ordinal),
            MetricRow()
                .Matches(Page)
                .Select(row => $"{row.Groups[1].Value} {row.Groups[2].Value}")
                .Order(StringComparer.Ordinal)
        );
    }

    private static IEnumerable<(string Key, string Value)> Settings(object options) =>
        from property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        let value = property.GetValue(options) is System.Collections.ICollection { Count: 0 }
            ? ""
            : property.GetValue(options)
        select (property.Name, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");

    [GeneratedRegex(@"(?m)^\| (\d{4}) \| (\w+) \| (\w+) \|")]
    private static partial Regex EventRow();

    [GeneratedRegex(@"(?m)^\| `(\w+)` \| (?:`([^`]+)`)? ?\| \S")]
    private static partial Regex SettingRow();

    [GeneratedRegex(@"(?m)^\| `([a-z.]+)` \| (\S+) \|")]
    private static partial Regex MetricRow();
}
