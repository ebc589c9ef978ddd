using System.Globalization;
using OcspLab.Comparison.Clients;
using OcspLab.Comparison.Measurements;
using OcspLab.Comparison.Results;
using OcspLab.Comparison.Scenarios;
using OcspLab.Comparison.Servers;
using OcspLab.Probe;

namespace OcspLab.Comparison.Reports;

/// <summary>Sentences and tables that every form of the report shares.</summary>
internal static class ComparisonText
{
    public const string CutShort = "ended early: this is what was seen until then";

    public const string Latency =
        "From connecting to the verified status, Kestrel with staples and without, by turns; median, lowest and "
        + "highest. The client is OpenSSL, the certificate P-256. The way to the responder is emulated by a "
        + "relay that holds every byte back for half a round trip, and a connection for a whole one; "
        + "looking up its name, bandwidth and loss are left out, and the site itself is near.";

    public const string Crowds =
        "A crowd of clients, each with an address of its own (127.1.…) and at most 16 at a time, against a server "
        + "that was started a moment ago; then the responder's journal is read: how often it was asked about "
        + "the certificate, and which of the clients' addresses it has. A client that gets no staple asks "
        + "the responder itself. Informed is who had a verified good at the end.";

    public const string Claims =
        "The article is the one on OCSP stapling with nginx that this lab reproduces. A claim holds where it does "
        + "for every server and at every distance that was measured.";

    public const string Clients =
        "Each client in each situation, from nothing: a fresh process, profile and home. Right staples come from "
        + "Kestrel with this library, missing ones from Kestrel without it, expired and tryLater ones from "
        + "nginx with ssl_stapling_file. A responder that is down hangs up. A number in parentheses is how "
        + "often the client asked the responder itself.";

    public const string Fleet =
        "Sites with this library behind HAProxy in TCP mode, their staples in Redis, two responders on "
        + "PostgreSQL. Clients shake hands without a pause while sites, Redis, PostgreSQL and responders are "
        + "killed by turns, each for four seconds; at the end the certificate is revoked and one site is told to "
        + "ask. What came to no handshake was under way when its site was killed.";

    public const string Cost =
        "New or resumed handshakes from OpenSSL clients, each one handshake after the other, without a request. "
        + "Processor time of the server and all its processes by the kernel's clock of each, which counts "
        + "nanoseconds; median, lowest and highest of the rounds. All servers run at once, and a round goes "
        + "through them by turns: a ratio is that of the same round, to nginx with staples as the server of the "
        + "row, and to Kestrel without this library and without any stapling. Every new handshake that was "
        + "counted had a verified good staple, or none where none was to be; every resumed one was resumed, and "
        + "has no certificate, so no staple. Bytes are what the server sends until the handshake is over; ten "
        + "segments of 1,460 fit the initial window (RFC 6928). With one client at a time a server sleeps between "
        + "handshakes. One with a pool of threads, as .NET and Go have it, pays for each waking with the search "
        + "for work before it sleeps again; with eight at once there is always work, and that is what a busy "
        + "server is like.";

    /// <summary>How the scenarios were run.</summary>
    public static string Scenarios(ComparisonResult result) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            Every server goes through every scenario in a process, with a folder and a certificate of its own, all of
            them at once around one responder, whose journal tells them apart. A server is left alone after its start,
            then clients shake hands in a steady rhythm and verify what is stapled, with one second of allowance for
            clocks. After a while the scenario's trouble begins, for that certificate alone. Procedure and questions
            are those of "Is the Web Ready for OCSP Must-Staple?" (Chung et al., IMC 2018), and some more.
            Answers of the responder last {result.Validity.TotalSeconds:0} s here.{RunsOf(result)}
            """
        );

    private static string RunsOf(ComparisonResult result) =>
        result.Runs == 1
            ? ""
            : $" All of it {(result.IsCutShort ? "was to be" : "was")} run {result.Runs} times, one after the other: "
                + "numbers are the median, and in parentheses the lowest and the highest; a row holds where it did "
                + "every time.";

    /// <summary>What is in a report for those who have not read of it.</summary>
    public const string Introduction =
        "kestrel is Kestrel with OcspLab's stapling, kestrel-builtin Kestrel with what .NET has built in; how each "
        + "server was set up is at the end. A tick is what a stapling server should do.";

    /// <summary>What is shorter here than in life, and when each server asks again.</summary>
    public static string Conditions(ComparisonResult result) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Answers of the responder last {result.Validity.TotalSeconds:0} s here, in life hours or days: a server "
                + $"whose timers are fixed looks worse for it. kestrel may ask again after "
                + $"{KestrelServer.MinimumRefreshIntervalFor(result.Validity).TotalSeconds:0} s "
                + $"(MinimumRefreshInterval), by default after 300 s; the others keep their own timers."
        );

    /// <summary>What a tick asks for, where the row's title does not say it all.</summary>
    public const string Rules =
        "One answer serves many clients: at most one question for three handshakes. Nothing past its nextUpdate: "
        + "the times are how much later it was still seen. To its end: until the nextUpdate of the last good "
        + "answer, after which there should be nothing. A revocation is told whenever revoked is seen at "
        + "all, and the time says when. Soon is within a minute.";

    /// <summary>Whose row it is.</summary>
    public static string Label(ScenarioRunResult run, ComparisonResult result) =>
        result.Runs == 1 ? run.Server : $"{run.Server}, run {run.Run}";

    /// <summary>How a status was come to, and how far the responder was.</summary>
    public static string Label(Latency latency) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(latency.Way == StatusWay.Stapled ? "stapled" : "asks itself")}, "
                + $"{latency.RoundTrip.TotalMilliseconds:0} ms away"
        );

    /// <summary>A median with its spread.</summary>
    public static string Milliseconds(Spread spread) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{spread.Median:0.0#} ms ({spread.Lowest:0.0#}–{spread.Highest:0.0#})"
        );

    /// <summary>Crowds as a table: a row a server, its name first.</summary>
    public static (string[] Headings, IReadOnlyList<string[]> Rows) Loads(IReadOnlyList<CrowdLoad> loads)
    {
        var crowds = loads.Select(load => load.Clients).Distinct().Order().ToArray();
        return (
            [.. crowds.Select(crowd => $"{crowd:N0} {(crowd == 1 ? "client" : "clients")}").Prepend("")],
            [
                .. loads
                    .GroupBy(load => load.Server)
                    .Select(server =>
                        (string[])
                            [
                                .. crowds
                                    .Select(crowd => server.FirstOrDefault(load => load.Clients == crowd))
                                    .Select(load =>
                                        load is null
                                            ? "–"
                                            : $"{load.Requests} asked, {load.Informed} informed, "
                                                + $"{load.AddressesLearnt} addresses known"
                                    )
                                    .Prepend(server.Key),
                            ]
                    ),
            ]
        );
    }

    /// <summary>Costs as a table: a row a kind of handshake, the server first.</summary>
    public static (string[] Headings, IReadOnlyList<string[]> Rows) Costs(IReadOnlyList<HandshakeCost> costs) =>
        (
            [
                "",
                "key",
                "TLS",
                "session",
                "staple",
                "clients",
                "processor time",
                "÷ nginx",
                "÷ plain Kestrel",
                "bytes",
                "fits the initial window",
                "counted",
            ],
            [
                .. costs.Select(cost =>
                    (string[])
                        [
                            cost.Server,
                            cost.Key.Describe(),
                            cost.Version == TlsVersion.Tls12 ? "1.2" : "1.3",
                            cost.Session == SessionKind.New ? "new" : "resumed",
                            cost.Stapling == ServerStapling.On ? "on" : "off",
                            cost.Clients.ToString(CultureInfo.InvariantCulture),
                            Milliseconds(cost.Milliseconds),
                            Ratio(cost.ToNginx),
                            Ratio(cost.ToPlainKestrel),
                            cost.Bytes.ToString("N0", CultureInfo.InvariantCulture),
                            cost.Bytes <= HandshakeCost.InitialWindow ? "yes" : "no",
                            cost.Handshakes.ToString("N0", CultureInfo.InvariantCulture),
                        ]
                ),
            ]
        );

    private static string Ratio(Spread? ratio) =>
        ratio is null
            ? "–"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{ratio.Median:0.00} ({ratio.Lowest:0.00}–{ratio.Highest:0.00})"
            );

    /// <summary>What a client said, and how often it asked by itself.</summary>
    public static string Said(ClientObservation seen) =>
        seen.Requests > 0 ? $"{seen.Said} ({seen.Requests})".TrimStart() : seen.Said;

    /// <summary>A word for what a client did.</summary>
    public static string Word(ClientOutcome outcome) => outcome == ClientOutcome.Connects ? "connects" : "refuses";
}
