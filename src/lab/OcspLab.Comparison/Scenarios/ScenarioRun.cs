using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Servers;
using OcspLab.Lab.Timelines;
using OcspLab.Lab.Topology;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Probe;

namespace OcspLab.Comparison.Scenarios;

/// <summary>
/// One server through one run of a scenario, with a process, a port, a folder and a certificate of its own.
/// </summary>
internal sealed class ScenarioRun(
    IStaplingServer server,
    Scenario scenario,
    int run,
    ServerPlace place,
    ComparisonPlan plan,
    ComparisonLab lab
) : IAsyncDisposable
{
    private readonly TimeProvider _clock = lab.Clock;
    private readonly ServerProcess _process = new(server, place, lab.Clock);
    private readonly List<Observation> _observations = [];

    /// <summary>Runs it through. A server that cannot be run is a result, too.</summary>
    public async Task<ScenarioRunResult> RunAsync(CancellationToken cancellationToken)
    {
        var started = _clock.GetTimestamp();
        var startedAt = _clock.GetUtcNow();
        TimeSpan begun = default;
        TimeSpan? ended = null;
        var known = 0;
        string? failure = null;
        var control = new ScenarioControl(lab, _process);
        try
        {
            if (scenario.PrepareAsync is { } prepare)
                await prepare(control, cancellationToken).ConfigureAwait(false);
            await _process.PrepareAsync(cancellationToken).ConfigureAwait(false);
            // HAProxy's file is fetched by then, and is none of the server's own doing.
            known = (await lab.ReadJournalAsync(place, cancellationToken).ConfigureAwait(false)).Count;
            _process.Start();
            await Task.Delay(plan.Settle, _clock, cancellationToken).ConfigureAwait(false);

            while (_clock.GetElapsedTime(started) is var at && at < plan.Length)
            {
                if (begun == default && at >= plan.TroubleAfter)
                {
                    begun = at;
                    await scenario.BeginAsync(control, cancellationToken).ConfigureAwait(false);
                }
                else if (
                    ended is null
                    && begun != default
                    && at >= begun + plan.TroubleFor
                    && scenario.EndAsync is { } mend
                )
                {
                    ended = at;
                    await mend(control, cancellationToken).ConfigureAwait(false);
                }

                _observations.Add(
                    await ObserveAsync(_clock.GetElapsedTime(started), cancellationToken).ConfigureAwait(false)
                );
                await Task.Delay(plan.Interval, _clock, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            // A server that cannot be run says so in its own row; what was seen so far is kept.
            failure = exception.Message;
        }

        failure ??= _process.Ending;
        if (failure is null && (_observations.Count == 0 || begun == default))
            failure = "it was not ready before its time was over";
        if (failure is not null && await Interrupt.IsBehindFailureAsync(cancellationToken).ConfigureAwait(false))
            failure = null;
        await _process.EndAsync().ConfigureAwait(false);
        ResponderRequest[] requests =
        [
            .. (await lab.ReadJournalAsync(place, CancellationToken.None).ConfigureAwait(false)).Select(
                entry => new ResponderRequest(entry.At - startedAt, entry.Outcome, entry.Fault)
            ),
        ];
        // A client that found the port closed was none: a slow machine is not a server that does not ask.
        var first = _observations.Find(seen => seen.IsHandshake);
        var beforeClients = first is null ? 0 : requests.Skip(known).Count(request => request.At < first.At);
        return new ScenarioRunResult(server.Name, scenario.Name, scenario.Kind, _observations, requests, begun, ended)
        {
            Run = run,
            BeforeClients = beforeClients,
            Failure = failure,
            IsCutShort = cancellationToken.IsCancellationRequested,
        };
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private async Task<Observation> ObserveAsync(TimeSpan at, CancellationToken cancellationToken)
    {
        // What had expired before the client even connected.
        var now = _clock.GetUtcNow();
        try
        {
            var handshake = await new TlsProbe(_clock)
                .ConnectAsync(
                    "127.0.0.1",
                    place.Port,
                    LabTopology.SiteHost,
                    TlsVersion.Any,
                    HandshakeTimeout,
                    cancellationToken
                )
                .ConfigureAwait(false);
            if (handshake.Staples[0] is not { } staple)
                return new Observation(at, HandshakeResult.Unstapled);
            var issuer = handshake
                .Certificates.Skip(1)
                .First(candidate =>
                    candidate.SubjectName.RawData.AsSpan().SequenceEqual(handshake.Certificates[0].IssuerName.RawData)
                );
            var result = OcspVerifier.Verify(
                staple,
                OcspSubject.FromCertificate(handshake.Certificates[0], issuer),
                new VerificationPolicy { ClockSkew = ClockTolerance },
                now
            );
            return result.TryGetStaple(out var verified, out var rejection)
                ? new Observation(
                    at,
                    verified.Status.Kind switch
                    {
                        CertStatusKind.Good => HandshakeResult.Good,
                        CertStatusKind.Revoked => HandshakeResult.Revoked,
                        _ => HandshakeResult.Wrong,
                    },
                    verified.Status.Kind == CertStatusKind.Unknown ? "unknown" : null,
                    at + (verified.NextUpdate - now)
                )
                : new Observation(
                    at,
                    rejection.Reason == RejectionReason.Expired ? HandshakeResult.Expired : HandshakeResult.Wrong,
                    $"{rejection.Reason.ToSnakeCase()}: {rejection.Detail}"
                );
        }
        catch (ProbeException exception)
        {
            return new Observation(at, HandshakeResult.Refused, exception.Message);
        }
    }

    // A second for answers and clocks that count whole seconds.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);
}
