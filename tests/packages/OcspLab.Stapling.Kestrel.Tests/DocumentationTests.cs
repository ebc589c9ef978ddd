using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Kestrel.Endpoints;
using OcspLab.Stapling.Refreshing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>docs/events.md and docs/defaults.md say what is so.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string Events = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "events.md"));
    private static readonly string Defaults = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "defaults.md"));

    [Fact]
    public void Every_log_event_is_listed_with_its_level_and_none_that_does_not_exist()
    {
        var real = new[]
        {
            typeof(OcspClientOptions).Assembly,
            typeof(StaplingEngine).Assembly,
            typeof(KestrelHttpsHook).Assembly,
        }
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type =>
                type.GetMethods(
                    BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly
                )
            )
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>()
            .Select(message => $"{message.EventId} {message.EventName} {message.Level}")
            .Order(StringComparer.Ordinal);
        var listed = EventRow()
            .Matches(Events)
            .Select(row => $"{row.Groups[1].Value} {row.Groups[2].Value} {row.Groups[3].Value}")
            .Order(StringComparer.Ordinal);
        Assert.Equal(real, listed);
    }

    [Fact]
    public void Every_default_is_the_one_that_is_named()
    {
        var rows = DefaultRow().Matches(Defaults).ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value);
        var actual = Settings("", new StaplingOptions())
            .Concat(Settings("Fetch:", new OcspClientOptions()))
            .Concat(Settings("Verification:", new VerificationPolicy()))
            .ToArray();
        Assert.True(actual.Length > 20);
        Assert.All(actual.Where(setting => rows.ContainsKey(setting.Key)), setting =>
            Assert.Equal(setting.Value, rows[setting.Key])
        );
        // Left out on purpose: what has its own section, and what only code can set.
        string[] elsewhere =
        [
            "Responder",
            "Responders",
            "Certificates",
            "Events",
            "Verification",
            "Verification:Nonce",
            "Fetch:Resolvers",
            "Fetch:ResolverValid",
            "Fetch:Proxy",
            "Fetch:ProxyUse",
            "StorageDirectory",
            "Issuers",
            "Verification:MaximumAge",
        ];
        Assert.Empty(actual.Select(setting => setting.Key).Where(key => !rows.ContainsKey(key)).Except(elsewhere));
    }

    private static IEnumerable<(string Key, string Value)> Settings(string prefix, object options) =>
        from property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.Name != "EqualityContract"
        let value = property.GetValue(options)
        select (
            prefix + property.Name,
            value is IEnumerable and not string ? "" : Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""
        );

    [GeneratedRegex(@"(?m)^\| (\d{4}) \| (\w+) \| (\w+) \|")]
    private static partial Regex EventRow();

    [GeneratedRegex(@"(?m)^\| `([\w:]+)` \| `([^`]+)` \|")]
    private static partial Regex DefaultRow();
}
