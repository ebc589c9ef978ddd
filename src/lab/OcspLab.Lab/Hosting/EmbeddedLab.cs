using System.Data.Common;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Fleets;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Services;
using OcspLab.Lab.Topology;
using OcspLab.Pki;
using OcspLab.Site;

namespace OcspLab.Lab.Hosting;

/// <summary>
/// The whole lab in one process, nginx as its only child. Started in the topology's order, stopped in reverse.
/// </summary>
public sealed class EmbeddedLab : IAsyncDisposable
{
    private readonly TimeProvider _clock;
    private readonly LabFoundation _foundation;
    private readonly FirstStaple _firstStaple;
    private readonly EmbeddedNginx _nginx;
    private readonly EmbeddedFleet _fleet;

    private EmbeddedLab(LabTopology topology, TimeProvider clock, LabBoard board)
    {
        Topology = topology;
        _clock = clock;
        Board = board;
        _foundation = new LabFoundation(topology.LogDirectory, clock, (name, why) =>
        {
            if (board.Resources.Any(resource => resource.Name == name))
                board.Set(name, LabResourceState.Ended, why);
            board.Say($"{name}: {why}");
        });
        _firstStaple = new FirstStaple(board, topology.OcspInCertificates, clock);
        _nginx = new EmbeddedNginx(board, _foundation, _firstStaple, clock);
        _fleet = new EmbeddedFleet(board, _foundation, _firstStaple, clock);
    }

    /// <summary>What was brought up.</summary>
    public LabTopology Topology { get; private set; }

    /// <summary>How every part is.</summary>
    public LabBoard Board { get; }

    /// <summary>nginx, or null when the lab runs without.</summary>
    public NginxProcess? Nginx => NginxOf(LabTopology.Nginx);

    /// <summary>The address that lets a browser in to the lab's page, or null where it has none.</summary>
    public Uri? PageAddress { get; private set; }

    /// <summary>Both of them, and what brings staples to one.</summary>
    internal EmbeddedNginx Nginxes => _nginx;

    /// <summary>Its fleet, which may be empty.</summary>
    internal EmbeddedFleet Fleet => _fleet;

    /// <summary>What can be done to it.</summary>
    public IReadOnlyList<LabCommand> Commands => LabCommands.Create(Topology, RestartNginxAsync, _clock);

    /// <summary>Brings the lab up; when this returns, every part that can be is ready.</summary>
    /// <param name="topology">What to bring up.</param>
    /// <param name="clock">The time.</param>
    /// <param name="board">Is told what goes on.</param>
    /// <param name="cancellationToken">Takes down what is up so far.</param>
    /// <param name="page">Makes the page on which one watches it, or null to do without.</param>
    /// <exception cref="LabException">Something that a person can mend; nothing is left running.</exception>
    public static async Task<EmbeddedLab> StartAsync(
        LabTopology topology,
        TimeProvider clock,
        LabBoard board,
        CancellationToken cancellationToken,
        ILabPage? page = null
    )
    {
        var lab = new EmbeddedLab(topology, clock, board);
        try
        {
            await lab.StartAsync(page, cancellationToken).ConfigureAwait(false);
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

    private async Task StartAsync(ILabPage? page, CancellationToken cancellationToken)
    {
        var state = LabState.Claim(Topology);
        _foundation.Push(() =>
        {
            state.Dispose();
            return ValueTask.CompletedTask;
        });
        // The one in whose network the other is goes last.
        foreach (var directory in (string[])[Topology.NginxKeptDirectory, Topology.NginxDirectory])
            await NginxLeftover.RemoveAsync(directory, _clock, cancellationToken).ConfigureAwait(false);
        await FleetFolder.RemoveAsync(Topology.Directory, _clock).ConfigureAwait(false);
        PortCheck.Require(Topology);
        if (page is not null)
            await StartPageAsync(page, cancellationToken).ConfigureAwait(false);

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

        (var nginx, Topology) = await _nginx.ProvideAsync(Topology, cancellationToken).ConfigureAwait(false);
        LabState.Update(Topology);

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
        await _fleet.StartStoresAsync(Topology, cancellationToken).ConfigureAwait(false);

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

        if (nginx is not null)
            await _nginx.StartAsync(nginx, cancellationToken).ConfigureAwait(false);
        if (nginx is not null && Topology.KeepBeside == LabKeep.On)
            await _nginx.StartKeptAsync(Topology, cancellationToken).ConfigureAwait(false);
        await _fleet.StartAsync(Topology, cancellationToken).ConfigureAwait(false);
    }

    private async Task StartPageAsync(ILabPage page, CancellationToken cancellationToken)
    {
        var host = page.Create(Topology, logging => _foundation.Log(logging, LabTopology.Console));
        PageAddress = page.AddressOf(host);
        // The first thing that one is told.
        Board.Say($"watch it: {PageAddress}");
        await _foundation.RunAsync(LabTopology.Console, host, cancellationToken).ConfigureAwait(false);
        Board.Set(
            new LabResource(
                LabTopology.Console,
                $"http://127.0.0.1:{Topology.Ports.Console}",
                LabResourceState.Ready,
                "",
                "the lab in a browser"
            )
        );
    }

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
        await _firstStaple.AwaitAsync(name, port, handshakes, null, cancellationToken).ConfigureAwait(false);
    }

    private NginxProcess? NginxOf(string name) => _nginx.Started.FirstOrDefault(nginx => nginx.Name == name)?.Process;

    private Task RestartNginxAsync(CancellationToken cancellationToken)
    {
        if (Nginx is not { } nginx)
            throw new LabException("The lab runs without nginx.");
        return nginx.RestartAsync(cancellationToken);
    }

    private string Beyond => Topology.ContainerGateway is { } gateway ? $"; also on {gateway}, for the container" : "";

    private const string AddressInUse = "Address already in use";
}
