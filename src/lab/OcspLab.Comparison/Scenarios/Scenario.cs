using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Servers;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Faults;

namespace OcspLab.Comparison.Scenarios;

/// <summary>What happens around a server, and when: the same for every server.</summary>
/// <param name="Name">One word, as <c>--experiments</c> takes it.</param>
/// <param name="Title">For people.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="BeginAsync">
/// What goes wrong, once the server had time to get a staple; only this run's certificate is concerned.
/// </param>
/// <param name="EndAsync">What mends it, or null when it stays.</param>
internal sealed record Scenario(
    string Name,
    string Title,
    ScenarioKind Kind,
    Func<ScenarioControl, CancellationToken, Task> BeginAsync,
    Func<ScenarioControl, CancellationToken, Task>? EndAsync = null
)
{
    /// <summary>What is wrong from the start, or null.</summary>
    public Func<ScenarioControl, CancellationToken, Task>? PrepareAsync { get; init; }

    /// <summary>All of them; the first ones are what <c>--quick</c> does.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("undisturbed", "nothing happens", ScenarioKind.Undisturbed, (_, _) => Task.CompletedTask),
        new(
            "revoked",
            "the certificate is revoked",
            ScenarioKind.Revoked,
            (run, cancellationToken) =>
                run.Lab.Admin.RevokeAsync(run.Place.Issued.Name, RevocationReason.KeyCompromise, cancellationToken)
        ),
        Fault("closed", "the responder hangs up", FaultKind.Close),
        Fault("tryLater", "the responder says tryLater", FaultKind.TryLater),
        new(
            "restart",
            "the server restarts while the responder hangs up, which ends later",
            ScenarioKind.Restart,
            async (run, cancellationToken) =>
            {
                await run.Lab.BreakAsync(run.Place, FaultKind.Close, cancellationToken).ConfigureAwait(false);
                await run.Server.RestartAsync(cancellationToken).ConfigureAwait(false);
            },
            (run, cancellationToken) => run.Lab.MendAsync(run.Place, cancellationToken)
        ),
        Fault("hang", "the responder does not answer", FaultKind.Hang),
        Fault("http500", "the responder answers HTTP 500", FaultKind.Http500),
        Fault("html", "a page in HTML instead of an answer", FaultKind.Html),
        Fault("garbage", "bytes that are no answer", FaultKind.Malformed),
        Fault("wrongSerial", "an answer about another certificate", FaultKind.WrongSerial),
        Fault("wrongSigner", "an answer by a stranger", FaultKind.WrongSigner),
        Fault("expired", "an answer that has expired", FaultKind.Expired),
        Fault("future", "an answer from tomorrow", FaultKind.Future),
        Fault("unknown", "the responder does not know the certificate", FaultKind.Unknown),
        new(
            "mustStaple",
            "the certificate is must-staple, and the responder hangs up from the start for a while",
            ScenarioKind.MustStaple,
            (run, cancellationToken) => run.Lab.MendAsync(run.Place, cancellationToken)
        )
        {
            PrepareAsync = (run, cancellationToken) =>
                run.Lab.BreakAsync(run.Place, FaultKind.Close, cancellationToken),
        },
    ];

    /// <summary>How many of them are quick.</summary>
    public const int Quick = 5;

    private static Scenario Fault(string name, string title, FaultKind kind) =>
        new(
            name,
            title,
            ScenarioKind.Fault,
            (run, cancellationToken) => run.Lab.BreakAsync(run.Place, kind, cancellationToken)
        );
}

/// <summary>What a scenario can do to its run.</summary>
/// <param name="Lab">The responder and all around it.</param>
/// <param name="Server">The server.</param>
internal sealed record ScenarioControl(ComparisonLab Lab, ServerProcess Server)
{
    /// <summary>Where the server is, and with which certificate.</summary>
    public ServerPlace Place => Server.Place;
}
