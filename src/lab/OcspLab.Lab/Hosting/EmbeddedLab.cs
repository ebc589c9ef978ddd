using System.Data.Common;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Pki;
using OcspLab.Probe;
using OcspLab.Site;

namespace OcspLab.Lab.Hosting;

/// <summary>
/// The whole lab in one process, nginx as its only child. Started in the topology's order, stopped in reverse.
/// </summary>
public sealed class EmbeddedLab : IAsyncDisposable
{
    private readonly TimeProvider _clock;
    private readonly LabFoundation _foundation;

    private EmbeddedLab(LabTopology topology, TimeProvider clock, LabBoard board)
    {
        Topology = topology;
        _clock = clock;
        Board = board;
        _foundation = new LabFoundation(topology.LogDirectory, clock, (name, why) =>
        {
            if (LabTopology.Resources.Contains(name))
                board.Set(name, LabResourceState.Ended, why);
            board.Say($"{name}: {why}");
        });
    }

    /// <summary>What was brought up.</summary>
    public LabTopology Topology { get; private set; }

    /// <summary>How every part is.</summary>
    public LabBoard Board { get; }

    /// <summary>nginx, or null when the lab runs without.</summary>
    public NginxProcess? Nginx { get; private set; }

    /// <summary>What can be done to it.</summary>
    public IReadOnlyList<LabCommand> Commands => LabCommands.Create(Topology, RestartNginxAsync, _clock);

    /// <summary>Brings the lab up; when this returns, every part that can be is ready.</summary>
    /// <param name="topology">What to bring up.</param>
    /// <param name="clock">The time.</param>
    /// <param name="board">Is told what goes on.</param>
    /// <param name="cancellationToken">Takes down what is up so far.</param>
    /// <exception cref="LabException">Something that a person can mend; nothing is left running.</exception>
    public static async Task<EmbeddedLab> StartAsync(
        LabTopology topology,
        TimeProvider clock,
        LabBoard board,
        CancellationToken cancellationToken
    )
    {
        var lab = new EmbeddedLab(topology, clock, board);
        try
        {
            await lab.StartAsync(cancellationToken).ConfigureAwait(false);
            return lab;
        }
        catch (Exception exception)
        {
            await lab.DisposeAsync().ConfigureAwait(false);
            // Somebody took it after it was looked at: now that the lab's own are free, that is seen.
            if (IsPortTaken(exception))
                PortCheck.Require(lab.Topology);
            if (
                exception
                is PkiException
                    or IOException
                    or UnauthorizedAccessException
                    or DbException
                    or CryptographicException
                    or InvalidOperationException
                    or OptionsValidationException
            )
                throw new LabException(exception.Message, LabFailure.Configuration, exception);
            throw;
        }
    }

    private static bool IsPortTaken(Exception exception) =>
        exception is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }
        // nginx says so in its log.
        || (exception is LabException && exception.Message.Contains(AddressInUse, StringComparison.Ordinal))
        || (exception.InnerException is { } inner && IsPortTaken(inner));

    /// <summary>
    /// Looks after the lab until it is cancelled: what ends is shown, nginx is started again, health is asked for.
    /// </summary>
    public Task WatchAsync(CancellationToken cancellationToken) =>
        new LabWatch(this, _clock).RunAsync(cancellationToken);

    /// <summary>Takes everything down; one part that fails to go does not keep the others.</summary>
    public ValueTask DisposeAsync() => _foundation.DisposeAsync();

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var state = LabState.Claim(Topology);
        _foundation.Push(() =>
        {
            state.Dispose();
            return ValueTask.CompletedTask;
        });
        await NginxLeftover.RemoveAsync(Topology.NginxDirectory, _clock, cancellationToken).ConfigureAwait(false);
        PortCheck.Require(Topology);

        var pki = Topology.CreatePki(_clock);
        RequirePlatformFor(pki.Root.Algorithm);
        Board.Set(LabTopology.Pki, LabResourceState.Starting, "making or checking the certificates");
        var certificates = pki.Ensure();
        // What a server could not open, it would report in its own words, later.
        foreach (var certificate in certificates)
            StoredCertificate
                .Load(certificate.Files.FullChain, certificate.Files.Key, certificate.Files.Password)
                .Dispose();
        StoredCertificate.Check(pki.OcspSigner);
        Board.Set(
            LabTopology.Pki,
            LabResourceState.Ready,
            $"{certificates.Count} certificates in {Topology.PkiDirectory}"
        );

        var nginx = await ProvideNginxAsync(cancellationToken).ConfigureAwait(false);

        Board.Set(
            new LabResource(
                LabTopology.Dns,
                $"127.0.0.1:{Topology.Ports.Dns}",
                LabResourceState.Starting,
                "",
                $"{LabTopology.SiteHost} and {LabTopology.ResponderHost}, UDP and TCP{Beyond}"
            )
        );
        await _foundation.StartDnsAsync(Topology, cancellationToken).ConfigureAwait(false);
        Board.Set(LabTopology.Dns, LabResourceState.Ready);

        Board.Set(
            new LabResource(
                LabTopology.Responder,
                $"http://127.0.0.1:{Topology.Ports.Responder}",
                LabResourceState.Starting,
                "",
                $"admin API on {Topology.AdminUrl}, token in {Topology.AdminTokenFile}{Beyond}"
            )
        );
        await _foundation.StartResponderAsync(Topology, pki, certificates, cancellationToken).ConfigureAwait(false);
        Board.Set(LabTopology.Responder, LabResourceState.Ready);

        await StartSiteAsync(
                LabTopology.Kestrel,
                Topology.Ports.Kestrel,
                "this project's stapling",
                handshakes: 1,
                cancellationToken
            )
            .ConfigureAwait(false);
        await StartSiteAsync(
                LabTopology.KestrelBuiltIn,
                Topology.Ports.KestrelBuiltIn,
                ".NET's built-in stapling",
                handshakes: 20,
                cancellationToken
            )
            .ConfigureAwait(false);

        if (nginx is null)
            return;
        Board.Set(
            new LabResource(
                LabTopology.Nginx,
                $"https://127.0.0.1:{Topology.Ports.Nginx}",
                LabResourceState.Starting,
                "",
                nginx.Origin
            )
        );
        await nginx.StartAsync(cancellationToken).ConfigureAwait(false);
        Nginx = nginx;
        await ShakeHandsAsync(LabTopology.Nginx, Topology.Ports.Nginx, handshakes: 40, cancellationToken)
            .ConfigureAwait(false);
    }

    // Before name server and responder: in a container it needs them to listen where containers are.
    // nginx, and clients on this machine, have the same OpenSSL.
    private static void RequirePlatformFor(KeyAlgorithm authority)
    {
        if (!KeyAlgorithms.ForServers.Contains(authority) && !MLDsa.IsSupported)
            throw new LabException(
                $"The authorities have {authority.ToName().ToUpperInvariant()} keys, and the OpenSSL of this machine, "
                    + "which servers and clients use, does not know them; 3.5 and newer do. 'ocsplab pki' and "
                    + "'ocsplab responder' work here.",
                LabFailure.Configuration
            );
    }

    private async Task<NginxProcess?> ProvideNginxAsync(CancellationToken cancellationToken)
    {
        var plan = await new NginxPlanner(Topology.NginxSource, Topology.NginxImage, _clock)
            .PlanAsync(cancellationToken)
            .ConfigureAwait(false);
        var provisioner = new NginxProvisioner(NginxSite.Of(Topology), _clock, Board.Say);
        var provided = await provisioner.ProvideAsync(plan, cancellationToken).ConfigureAwait(false);
        if (provided.Launcher is not { } launcher)
        {
            Board.Set(LabTopology.Nginx, LabResourceState.Off, provided.Reason);
            return null;
        }

        if (provided.Gateway is { } gateway)
            Topology = Topology with { ContainerGateway = gateway };
        var nginx = new NginxProcess(launcher, Topology.NginxDirectory, _clock);
        _foundation.Push(nginx.DisposeAsync);
        return nginx;
    }

    private async Task StartSiteAsync(
        string name,
        int port,
        string what,
        int handshakes,
        CancellationToken cancellationToken
    )
    {
        Board.Set(new LabResource(name, $"https://127.0.0.1:{port}", LabResourceState.Starting, "", what));
        await _foundation
            .RunAsync(
                name,
                SiteService.Create(Topology.ArgumentsOf(name), builder => _foundation.Log(builder.Logging, name)),
                cancellationToken
            )
            .ConfigureAwait(false);
        await ShakeHandsAsync(name, port, handshakes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Shakes hands until there is a verified staple, the way a client would see it.</summary>
    private async Task ShakeHandsAsync(string name, int port, int handshakes, CancellationToken cancellationToken)
    {
        var probe = new TlsProbe(_clock);
        for (var attempt = 1; ; attempt++)
        {
            var last = attempt == handshakes;
            try
            {
                var handshake = await probe
                    .ConnectAsync(
                        "127.0.0.1",
                        port,
                        LabTopology.SiteHost,
                        TlsVersion.Any,
                        HandshakeTimeout,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                var verdict = StapleInspector.Inspect(handshake, [], _clock.GetUtcNow()).Staple;
                if (verdict.Verdict is not (StapleVerdictKind.Absent or StapleVerdictKind.Rejected))
                {
                    Board.Set(
                        name,
                        LabResourceState.Ready,
                        $"stapled {verdict.Word}{(attempt == 1 ? "" : $" at handshake {attempt}")}"
                    );
                    return;
                }

                if (last || Topology.OcspInCertificates == OcspInCertificates.No)
                {
                    Board.Set(
                        name,
                        LabResourceState.Degraded,
                        verdict.Verdict == StapleVerdictKind.Absent ? "not stapled" : verdict.Description
                    );
                    return;
                }
            }
            catch (ProbeException exception) when (!last)
            {
                if (name == LabTopology.Nginx && Nginx is { HasEnded: true })
                    throw new LabException(
                        $"nginx ended: {Nginx.LastError() ?? exception.Message}",
                        LabFailure.Unavailable,
                        exception
                    );
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), _clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task RestartNginxAsync(CancellationToken cancellationToken)
    {
        if (Nginx is not { } nginx)
            throw new LabException("The lab runs without nginx.");
        return nginx.RestartAsync(cancellationToken);
    }

    private string Beyond => Topology.ContainerGateway is { } gateway ? $"; also on {gateway}, for the container" : "";

    private const string AddressInUse = "Address already in use";
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);
}
