using System.Text.Json;
using OcspLab.Comparison;
using OcspLab.Comparison.Findings;
using OcspLab.Comparison.Measurements;
using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Reports;
using OcspLab.Comparison.Scenarios;
using OcspLab.Comparison.Servers;
using OcspLab.Lab.Browsers;
using OcspLab.Lab.Fleets;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>The comparison, with real servers.</summary>
public sealed class CompareTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();

    // A comparison takes what is there; whoever ran 'ocsplab up' before has nginx.
    public async ValueTask InitializeAsync() =>
        await new NginxLocator(NginxLocator.DefaultCacheDirectory, _ => { }).LocateAsync(
            TestContext.Current.CancellationToken
        );

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return default;
    }

    [Fact, Trait("Ring", "long")]
    public async Task What_it_sees_agrees_with_what_is_known_of_the_servers()
    {
        var run = await Programs.OcspLabAsync(
            "compare",
            "--quick",
            "--servers",
            "kestrel,kestrel-builtin,nginx",
            "--experiments",
            "undisturbed,restart",
            "--out",
            _folder.Path
        );
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.Contains("to go", run.Error, StringComparison.Ordinal);
        var matrix = (await ReadResultAsync())
            .GetProperty("findings")
            .EnumerateArray()
            .ToDictionary(
                finding => (finding.GetProperty("server").GetString()!, finding.GetProperty("behaviour").GetString()!),
                finding => finding.GetProperty("verdict").GetString()
            );
        foreach (var (server, behaviour) in matrix.Keys.Where(key => key.Item1 == LabTopology.Kestrel))
            Assert.NotEqual("fails", matrix[(server, behaviour)]);
        Assert.Equal("holds", matrix[(LabTopology.Kestrel, "the very first handshake is stapled")]);
        Assert.Equal("holds", matrix[(LabTopology.Kestrel, "survives a restart during an outage")]);
        Assert.Equal("fails", matrix[(LabTopology.KestrelBuiltIn, "survives a restart during an outage")]);
        await AssertReportAsync(
            $"{Count("#matrix tbody tr")}, {Count(".timeline")}, {Count(".timeline rect")} > 6",
            "8,2,true"
        );
        await AssertReportAsync(Count(".timeline"), "2", PhoneWidth);
        Assert.SkipWhen(
            run.Output.Contains("left out: nginx", StringComparison.Ordinal),
            "nginx is not here; all that does not need it was as expected."
        );
        Assert.Equal("fails", matrix[("nginx", "asks before the first client")]);
        Assert.Equal("fails", matrix[("nginx", "the very first handshake is stapled")]);
        Assert.Equal("holds", matrix[("nginx", "staples nothing past its nextUpdate")]);
        Assert.Equal("fails", matrix[("nginx", "survives a restart during an outage")]);
    }

    [Fact, Trait("Ring", "long")]
    public async Task What_it_measures_agrees_with_what_is_known_of_stapling()
    {
        Assert.SkipWhen(OpenSslClient.Missing is not null, OpenSslClient.Missing ?? "");
        string[] clients = ["openssl", "curl", "curl-cert-status", "gnutls-cli", "dotnet"];
        foreach (var tool in (string[])["openssl", "curl", "gnutls-cli"])
            Tool.Require(tool);
        var run = await Programs.OcspLabAsync(
            "compare",
            "--quick",
            "--servers",
            "kestrel,nginx",
            "--experiments",
            "latency,load,clients",
            "--clients",
            string.Join(',', clients),
            "--repeat",
            "1",
            "--out",
            _folder.Path
        );
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        var result = await ReadResultAsync();
        var claims = result
            .GetProperty("claims")
            .EnumerateArray()
            .ToDictionary(
                claim => claim.GetProperty("claim").GetString()!,
                claim => claim.GetProperty("verdict").GetString()
            );
        Assert.Equal("holds", claims["the responder is asked less"]);
        Assert.Equal("holds", claims["sites stay reachable while the responder is down"]);
        var kestrel = result
            .GetProperty("loads")
            .EnumerateArray()
            .Where(load => load.GetProperty("server").GetString() == LabTopology.Kestrel)
            .ToArray();
        Assert.All(kestrel, load =>
            Assert.Equal(
                (load.GetProperty("clients").GetInt32(), 1, 0),
                (
                    load.GetProperty("informed").GetInt32(),
                    load.GetProperty("requests").GetInt32(),
                    load.GetProperty("addressesLearnt").GetInt32()
                )
            )
        );
        Assert.Equal(6, result.GetProperty("latencies").GetArrayLength());
        if (!run.Output.Contains("left out: nginx", StringComparison.Ordinal))
        {
            // nginx leaves out its first handshake, so its first client is the responder's to know.
            var nginx = result
                .GetProperty("loads")
                .EnumerateArray()
                .First(load => load.GetProperty("server").GetString() == "nginx");
            Assert.Equal(
                (1, 1),
                (nginx.GetProperty("clients").GetInt32(), nginx.GetProperty("addressesLearnt").GetInt32())
            );
        }

        var outcomesOf = result
            .GetProperty("clients")
            .GetProperty("observations")
            .EnumerateArray()
            .ToDictionary(
                seen => (seen.GetProperty("case").GetString()!, seen.GetProperty("client").GetString()!),
                seen => seen.GetProperty("outcome").GetString()!
            );
        void Expect(string situation, string outcomes) =>
            Assert.Equal(outcomes, string.Join(' ', clients.Select(client => outcomesOf[(situation, client)])));
        Expect("good", "connects connects connects connects connects");
        Expect("goodDown", "connects connects connects connects connects");
        Expect("goodUnstapled", "connects connects refuses connects connects");
        Expect("goodUnstapledDown", "connects connects refuses connects refuses");
        Expect("revoked", "connects connects refuses refuses refuses");
        Expect("revokedUnstapled", "connects connects refuses connects refuses");
        Expect("mustStaple", "connects connects connects connects connects");
        Expect("mustStapleUnstapled", "connects connects refuses refuses connects");
        await AssertReportAsync(
            $"{Count("#claims tr td.holds")} > 1, {Count("#latency rect")}, {Count("#load rect")} > 1, "
                + $"{Count("#clients tbody tr")} > 8",
            "true,6,true,true"
        );
        Assert.SkipWhen(
            run.Output.Contains("left out: nginx", StringComparison.Ordinal),
            "nginx is not here; all that does not need it was as expected."
        );
        Expect("expired", "connects connects refuses refuses connects");
        Expect("tryLater", "connects connects refuses connects refuses");
    }

    [Fact, Trait("Ring", "long")]
    public async Task What_a_staple_costs_is_measured_on_every_kind_of_handshake()
    {
        Assert.SkipWhen(OpenSslClient.Missing is not null, OpenSslClient.Missing ?? "");
        var run = await Programs.OcspLabAsync(
            "compare",
            "--quick",
            "--servers",
            "kestrel",
            "--experiments",
            "cost",
            "--repeat",
            "1",
            "--out",
            _folder.Path
        );
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        var costs = (await ReadResultAsync())
            .GetProperty("costs")
            .EnumerateArray()
            .ToDictionary(
                cost =>
                    string.Join(
                        ' ',
                        ((string[])["key", "version", "session", "stapling", "clients"]).Select(property =>
                            cost.GetProperty(property).ToString()
                        )
                    ),
                cost => cost.GetProperty("bytes").GetInt32()
            );
        Assert.Equal(32, costs.Count);
        foreach (var key in (string[])["rsa", "ecdsa"])
        {
            foreach (var version in (string[])["tls12", "tls13"])
            {
                // A staple is its bytes and a few more, and none where a session is resumed.
                Assert.InRange(costs[$"{key} {version} new on 1"] - costs[$"{key} {version} new off 1"], 300, 3000);
                Assert.InRange(costs[$"{key} {version} resumed on 1"], 50, 600);
                Assert.InRange(
                    Math.Abs(costs[$"{key} {version} resumed on 1"] - costs[$"{key} {version} resumed off 1"]),
                    0,
                    50
                );
            }
        }
    }

    [Fact, Trait("Ring", "long"), Trait("Rule", "S26")]
    public async Task The_fleet_is_an_experiment_too()
    {
        Assert.SkipWhen(FleetPrograms.Missing is not null, FleetPrograms.Missing ?? "");
        var run = await Programs.OcspLabAsync("compare", "--quick", "--experiments", "fleet", "--out", _folder.Path);
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        var fleet = (await ReadResultAsync()).GetProperty("fleet");
        Assert.InRange(fleet.GetProperty("good").GetInt32(), 100, int.MaxValue);
        Assert.Equal(0, fleet.GetProperty("withoutStaple").GetInt32());
        Assert.Equal(0, fleet.GetProperty("wrong").GetInt32());
        Assert.Contains(
            "A fleet under fire",
            await File.ReadAllTextAsync(_folder["comparison.html"], TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    [Fact, Trait("Ring", "long")]
    public async Task Scenarios_that_are_repeated_show_each_run_and_what_they_come_to()
    {
        var plan = ComparisonPlan.Quick with
        {
            Settle = TimeSpan.FromSeconds(5),
            TroubleAfter = TimeSpan.FromSeconds(6),
            Length = TimeSpan.FromSeconds(15),
            Runs = 2,
        };
        var undisturbed = Scenario.All.Single(scenario => scenario.Kind == ScenarioKind.Undisturbed);
        var said = new List<string>();
        var result = await new ComparisonRunner(
            plan,
            [new KestrelServer(LabTopology.Kestrel)],
            [undisturbed],
            [],
            [],
            TimeProvider.System,
            said.Add
        ).RunAsync(TestContext.Current.CancellationToken);
        Assert.Empty(result.Failures);
        Assert.Equal([1, 2], result.ScenarioRuns.Select(run => run.Run));
        Assert.Contains(said, line => line.StartsWith("[1 of 1] scenarios, run 2 of 2: ", StringComparison.Ordinal));
        var findings = ComparisonFindings.Of(result);
        var finding = findings.Findings.Single(finding => finding.Behaviour == "staples nothing past its nextUpdate");
        Assert.Equal((FindingVerdict.Holds, "in 1 scenario, 2 runs"), (finding.Verdict, finding.Evidence.ToText()));
        await CompareRun.WriteAsync(result, findings, "ocsplab compare", _folder.Path);
        await AssertReportAsync(
            $"{Count(".timeline")}, {Count(".timeline .window")} > 1, [...document.querySelectorAll('.timeline "
                + $"span')].filter(label => label.textContent.startsWith('kestrel, run ')).length",
            "1,true,2"
        );
    }

    [Theory, Trait("Ring", "long")]
    [InlineData("undisturbed", 5)]
    [InlineData("cost", 1)]
    public async Task Interrupted_it_keeps_what_it_saw_and_leaves_nothing_running(string experiment, int lines)
    {
        // With a group of its own: a terminal sends Ctrl-C to all of it.
        await using var run = new RunningProgram(
            "setsid",
            "dotnet",
            Programs.Cli,
            "compare",
            "--quick",
            "--servers",
            "kestrel",
            "--experiments",
            experiment,
            "--repeat",
            "20",
            "--out",
            _folder.Path
        );
        await Poll.UntilAsync(
            () => run.HasExited || run.Error.Split(" to go").Length > lines,
            "the first clients",
            seconds: 90
        );
        run.InterruptGroup();
        Assert.Equal(130, await run.WaitAsync());
        var result = await ReadResultAsync();
        Assert.True(result.GetProperty("isCutShort").GetBoolean());
        Assert.Empty(result.GetProperty("failures").EnumerateArray());
        foreach (var scenarioRun in result.GetProperty("scenarioRuns").EnumerateArray())
        {
            Assert.Contains("scenarios, run 1 of 20: ", run.Error, StringComparison.Ordinal);
            Assert.True(scenarioRun.GetProperty("isCutShort").GetBoolean());
            Assert.NotEmpty(scenarioRun.GetProperty("observations").EnumerateArray());
        }

        Assert.Equal(experiment == "undisturbed" ? 1 : 0, result.GetProperty("scenarioRuns").GetArrayLength());
        Assert.All(result.GetProperty("findings").EnumerateArray(), finding =>
            Assert.Equal("unseen", finding.GetProperty("verdict").GetString())
        );
        Assert.True(run.EndGroup(), "A server outlived the comparison.");
    }

    [Theory]
    [InlineData("--servers", "nobody")]
    [InlineData("--clients", "nobody")]
    [InlineData("--experiments", "magic")]
    public async Task A_name_that_is_none_is_refused_with_those_that_are(string option, string value)
    {
        var run = await Programs.OcspLabAsync("compare", option, value);
        Assert.Equal(64, run.ExitCode);
        Assert.Contains($"'{value}' is none of ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc", "--repeat")]
    [InlineData("0", "--repeat takes 1 to 100")]
    public async Task A_number_of_repetitions_that_is_none_is_refused(string value, string word)
    {
        var run = await Programs.OcspLabAsync("compare", "--repeat", value);
        Assert.Equal(64, run.ExitCode);
        Assert.Contains(word, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_no_server_can_take_part_that_is_a_failure()
    {
        var revoked = Scenario.All.Single(scenario => scenario.Kind == ScenarioKind.Revoked);
        var result = await new ComparisonRunner(
            ComparisonPlan.Quick,
            [new HaproxyServer()],
            [revoked],
            [],
            [],
            TimeProvider.System,
            _ => { }
        ).RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["scenarios: none of these servers can take part"], result.Failures);
        Assert.Equal("haproxy", Assert.Single(result.Missing).Name);
    }

    [Fact]
    public async Task Clients_without_their_experiment_are_refused()
    {
        var run = await Programs.OcspLabAsync("compare", "--quick", "--clients", "openssl");
        Assert.Equal(64, run.ExitCode);
        Assert.Contains("--clients is about the experiment 'clients'", run.Error, StringComparison.Ordinal);
    }

    private async Task<JsonElement> ReadResultAsync() =>
        JsonDocument
            .Parse(await File.ReadAllTextAsync(_folder["comparison.json"], TestContext.Current.CancellationToken))
            .RootElement;

    // In a real browser: the report needs no network, fits the window, and its figures are there.
    private async Task AssertReportAsync(string figures, string expected, int width = DesktopWidth)
    {
        var html = await File.ReadAllTextAsync(_folder["comparison.html"], TestContext.Current.CancellationToken);
        Assert.DoesNotContain("src=\"http", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("href=", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        var chromium = new Chromium(TimeProvider.System) { Width = width };
        if (chromium.Missing is not null)
            return;
        await Programs.OcspLabAsync("pki", "init", "--lab", _folder.Path);
        var (visit, answer) = await chromium.VisitAsync(
            new Uri(_folder["comparison.html"]),
            _folder["pki/root_ca/CA/rsa_ca.crt"],
            $"[{figures}, document.documentElement.scrollWidth <= innerWidth].join()",
            TestContext.Current.CancellationToken
        );
        Assert.Null(visit.Error);
        Assert.Equal($"{expected},true", answer);
    }

    private static string Count(string selector) => $"document.querySelectorAll('{selector}').length";

    private const int DesktopWidth = 1280;
    private const int PhoneWidth = 390;
}
