using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp;
using OcspLab.Responder;

namespace OcspLab.Lab;

/// <summary>One server through one scenario, with a process, a port, a folder and a certificate of its own.</summary>
internal sealed class Lane(IStaplingServer server, Scenario scenario, ServerPlace place, string certificateName, ComparisonPlan plan, ResponderAdminClient admin, TimeProvider clock) : IAsyncDisposable
{
    private readonly List<Observation> _observations = [];
    private readonly Lock _log = new();
    private IReadOnlyList<string> _command = [];
    private Process? _process;

    public string Server => server.Name;

    public string Scenario => scenario.Name;

    /// <summary>Runs it through. A server that cannot be run is a result, too.</summary>
    public async Task<LaneResult> RunAsync(CancellationToken cancellationToken)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(place.Certificate.Certificate);
        var serial = certificate.SerialNumber.ToLowerInvariant();
        var started = clock.GetTimestamp();
        var startedAt = clock.GetUtcNow();
        TimeSpan begun = default;
        TimeSpan? ended = null;
        var beforeClients = 0;
        string? failure = null;
        try
        {
            Directory.CreateDirectory(place.Folder);
            _command = await server.PrepareAsync(place, cancellationToken).ConfigureAwait(false);
            // HAProxy's file is fetched by then, and is none of the server's own doing.
            var known = (await JournalAsync(serial, cancellationToken).ConfigureAwait(false)).Count;
            Start();
            await Task.Delay(plan.Settle, clock, cancellationToken).ConfigureAwait(false);
            beforeClients = (await JournalAsync(serial, cancellationToken).ConfigureAwait(false)).Count - known;

            var control = new LaneControl(admin, certificateName, serial, RestartAsync);
            while (clock.GetElapsedTime(started) is var at && at < plan.Length)
            {
                if (begun == default && at >= plan.TroubleAfter)
                {
                    begun = at;
                    await scenario.BeginAsync(control, cancellationToken).ConfigureAwait(false);
                }
                else if (ended is null && begun != default && at >= begun + plan.TroubleFor && scenario.EndAsync is { } mend)
                {
                    ended = at;
                    await mend(control, cancellationToken).ConfigureAwait(false);
                }

                _observations.Add(await LookAsync(clock.GetElapsedTime(started), cancellationToken).ConfigureAwait(false));
                await Task.Delay(plan.Interval, clock, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is LabException or IOException or Win32Exception or HttpRequestException or UnauthorizedAccessException)
        {
            failure = exception.Message;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // What was seen so far is kept.
        }

        if (failure is null && _process is { HasExited: true } process)
            failure = $"it ended with {process.ExitCode}: {LastLine() ?? "no message"}";
        await EndAsync().ConfigureAwait(false);
        var requests = (await JournalAsync(serial, CancellationToken.None).ConfigureAwait(false)).Select(entry => new LaneRequest(entry.At - startedAt, entry.Outcome, entry.Fault));
        return new LaneResult(server.Name, scenario.Name, _observations, [.. requests], beforeClients, begun, ended, failure);
    }

    public async ValueTask DisposeAsync() => await EndAsync().ConfigureAwait(false);

    private async Task<Observation> LookAsync(TimeSpan at, CancellationToken cancellationToken)
    {
        try
        {
            var handshake = await new TlsProbe(clock).ConnectAsync("127.0.0.1", place.Port, LabTopology.SiteHost, TlsVersion.Any, Patience, cancellationToken).ConfigureAwait(false);
            if (handshake.Staples[0] is not { } staple)
                return new Observation(at, Seen.Unstapled);
            var issuer = handshake.Certificates.Skip(1).First(candidate => candidate.SubjectName.RawData.AsSpan().SequenceEqual(handshake.Certificates[0].IssuerName.RawData));
            // No allowance for clocks: there is only one.
            var result = OcspVerifier.Verify(staple, OcspSubject.FromCertificate(handshake.Certificates[0], issuer), new VerificationPolicy { ClockSkew = Allowance }, clock.GetUtcNow());
            return result.TryGetStaple(out var verified, out var rejection)
                ? new Observation(at, verified.Status.Kind == CertStatusKind.Good ? Seen.Good : Seen.Revoked, null, at + (verified.NextUpdate - clock.GetUtcNow()))
                : new Observation(at, rejection.Reason == RejectionReason.Expired ? Seen.Expired : Seen.Wrong, $"{rejection.Reason.ToSnakeCase()}: {rejection.Detail}");
        }
        catch (LabException exception)
        {
            return new Observation(at, Seen.Refused, exception.Message);
        }
    }

    private async Task<IReadOnlyList<JournalEntry>> JournalAsync(string serial, CancellationToken cancellationToken) =>
        [.. (await admin.ReadJournalAsync(0, cancellationToken).ConfigureAwait(false)).Where(entry => entry.SerialNumbers.Contains(serial))];

    private string? LastLine()
    {
        lock (_log)
            return File.Exists(Log) ? File.ReadLines(Log).LastOrDefault(line => line.Trim().Length > 0)?.Trim() : null;
    }

    private string Log => Path.Combine(place.Folder, "output.log");

    private async Task RestartAsync(CancellationToken cancellationToken)
    {
        await EndAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        Start();
    }

    private void Start()
    {
        var start = new ProcessStartInfo(_command[0], _command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = place.Folder };
        _process = Process.Start(start) ?? throw new LabException($"{_command[0]} cannot be started.");
        DataReceivedEventHandler write = (_, line) =>
        {
            if (line.Data is null)
                return;
            lock (_log)
                File.AppendAllText(Log, line.Data + "\n");
        };
        _process.OutputDataReceived += write;
        _process.ErrorDataReceived += write;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private async Task EndAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        using (process)
        {
            if (!process.HasExited)
                await ChildProcess.EndAsync(process, Patience, clock, CancellationToken.None).ConfigureAwait(false);
        }
    }

    // A second for answers and clocks that count whole seconds.
    private static readonly TimeSpan Allowance = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
}
