using System.Data.Common;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using OcspLab.Dns;
using OcspLab.Pki;
using OcspLab.Responder;
using OcspLab.Site;

namespace OcspLab.Lab;

/// <summary>The whole lab in one process, nginx as its only child. Started in the topology's order, stopped in reverse.</summary>
public sealed class EmbeddedLab : IAsyncDisposable
{
    private readonly TimeProvider _clock;
    private readonly Stack<Func<ValueTask>> _undo = new();

    private EmbeddedLab(LabTopology topology, TimeProvider clock, LabBoard board)
    {
        Topology = topology;
        _clock = clock;
        Board = board;
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
    public static async Task<EmbeddedLab> StartAsync(LabTopology topology, TimeProvider clock, LabBoard board, CancellationToken cancellationToken)
    {
        var lab = new EmbeddedLab(topology, clock, board);
        try
        {
            await lab.StartAsync(cancellationToken).ConfigureAwait(false);
            return lab;
        }
        catch (Exception exception) when (exception is PkiException or IOException or UnauthorizedAccessException or DbException or CryptographicException or InvalidOperationException or OptionsValidationException)
        {
            await lab.DisposeAsync().ConfigureAwait(false);
            throw new LabException(exception.Message, ExitCodes.Configuration, exception);
        }
        catch
        {
            await lab.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Looks after the lab until it is cancelled: what ends is shown, nginx is started again, health is asked for.</summary>
    public Task WatchAsync(CancellationToken cancellationToken) => new LabWatch(this, _clock).RunAsync(cancellationToken);

    /// <summary>Takes everything down; one part that fails to go does not keep the others.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_undo.TryPop(out var undo))
        {
            try
            {
                await undo().ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or InvalidOperationException or AggregateException or LabException)
            {
                Board.Say($"while taking the lab down: {exception.Message}");
            }
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var state = LabState.Claim(Topology);
        _undo.Push(() =>
        {
            state.Dispose();
            return ValueTask.CompletedTask;
        });
        await NginxLeftover.RemoveAsync(Topology.NginxDirectory, _clock, cancellationToken).ConfigureAwait(false);
        CheckPorts();

        var pki = Topology.CreatePki(_clock);
        Board.Set(LabTopology.Pki, LabResourceState.Starting, "making or checking the certificates");
        var certificates = pki.Ensure();
        // What a server could not open, it would report in its own words, later.
        foreach (var certificate in certificates)
            StoredCertificate.Load(certificate.Files.FullChain, certificate.Files.Key, certificate.Files.Password).Dispose();
        StoredCertificate.Load(pki.OcspSigner).Dispose();
        Board.Set(LabTopology.Pki, LabResourceState.Ready, $"{certificates.Count} certificates in {Topology.PkiDirectory}");

        var nginx = await PlanNginxAsync(pki.FilesOf(LabTopology.SiteCertificate), cancellationToken).ConfigureAwait(false);

        Board.Set(new LabResource(LabTopology.Dns, $"127.0.0.1:{Topology.Ports.Dns}", LabResourceState.Starting, "", $"{LabTopology.SiteHost} and {LabTopology.ResponderHost}, UDP and TCP{Beyond}"));
        await RunAsync(LabTopology.Dns, DnsService.Create(Topology.ArgumentsOf(LabTopology.Dns), builder => Log(builder.Logging, LabTopology.Dns)), cancellationToken).ConfigureAwait(false);
        Board.Set(LabTopology.Dns, LabResourceState.Ready);

        Board.Set(new LabResource(LabTopology.Responder, $"http://127.0.0.1:{Topology.Ports.Responder}", LabResourceState.Starting, "", $"admin API on {Topology.AdminUrl}, token in {Topology.AdminTokenFile}{Beyond}"));
        var responder = ResponderService.Create(Topology.ArgumentsOf(LabTopology.Responder), builder =>
        {
            Log(builder.Logging, LabTopology.Responder);
            builder.Services.AddHostedService(services => new SignerRenewal(pki, _clock, services.GetRequiredService<ILogger<SignerRenewal>>()));
        });
        await responder.Services.GetRequiredService<ICertificateRegistry>().RegisterAsync(certificates, _clock, cancellationToken).ConfigureAwait(false);
        await RunAsync(LabTopology.Responder, responder, cancellationToken).ConfigureAwait(false);
        Board.Set(LabTopology.Responder, LabResourceState.Ready);

        await StartSiteAsync(LabTopology.Kestrel, Topology.Ports.Kestrel, "this project's stapling", handshakes: 1, cancellationToken).ConfigureAwait(false);
        await StartSiteAsync(LabTopology.KestrelBuiltIn, Topology.Ports.KestrelBuiltIn, ".NET's built-in stapling", handshakes: 20, cancellationToken).ConfigureAwait(false);

        if (nginx is null)
            return;
        Board.Set(new LabResource(LabTopology.Nginx, $"https://127.0.0.1:{Topology.Ports.Nginx}", LabResourceState.Starting, "", nginx.Origin));
        nginx.Start();
        Nginx = nginx;
        await ShakeHandsAsync(LabTopology.Nginx, Topology.Ports.Nginx, handshakes: 40, cancellationToken).ConfigureAwait(false);
    }

    // Before name server and responder: in a container it needs them to listen where containers are.
    private async Task<NginxProcess?> PlanNginxAsync(CertificateFiles certificate, CancellationToken cancellationToken)
    {
        var plan = await new NginxPlanner(Topology, _clock, Board.Say).PrepareAsync(certificate, cancellationToken).ConfigureAwait(false);
        if (plan.Launcher is not { } launcher)
        {
            Board.Set(LabTopology.Nginx, LabResourceState.Off, plan.Reason);
            return null;
        }

        if (plan.Gateway is { } gateway)
            Topology = Topology with { ContainerGateway = gateway };
        var nginx = new NginxProcess(launcher, Topology.NginxDirectory, _clock);
        _undo.Push(nginx.DisposeAsync);
        return nginx;
    }

    private async Task StartSiteAsync(string name, int port, string what, int handshakes, CancellationToken cancellationToken)
    {
        Board.Set(new LabResource(name, $"https://127.0.0.1:{port}", LabResourceState.Starting, "", what));
        await RunAsync(name, SiteService.Create(Topology.ArgumentsOf(name), builder => Log(builder.Logging, name)), cancellationToken).ConfigureAwait(false);
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
                var handshake = await probe.ConnectAsync("127.0.0.1", port, LabTopology.SiteHost, TlsVersion.Any, HandshakeTimeout, cancellationToken).ConfigureAwait(false);
                var verdict = StapleInspector.Inspect(handshake, [], _clock.GetUtcNow()).Staple;
                if (verdict.Verdict is not ("absent" or "rejected"))
                {
                    Board.Set(name, LabResourceState.Ready, $"stapled {verdict.Verdict}{(attempt == 1 ? "" : $" at handshake {attempt}")}");
                    return;
                }

                if (last || Topology.OcspInCertificates == OcspInCertificates.No)
                {
                    Board.Set(name, LabResourceState.Degraded, verdict.Verdict == "absent" ? "not stapled" : $"{verdict.Reason}: {verdict.Detail}");
                    return;
                }
            }
            catch (LabException exception) when (!last)
            {
                if (name == LabTopology.Nginx && Nginx is { IsRunning: false })
                    throw new LabException($"nginx ended: {Nginx.LastError() ?? exception.Message}", ExitCodes.Unreachable, exception);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), _clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(string name, IHost host, CancellationToken cancellationToken)
    {
        var isWanted = true;
        _undo.Push(async () =>
        {
            isWanted = false;
            using var patience = new CancellationTokenSource(StopTimeout, _clock);
            try
            {
                await host.StopAsync(patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Asked politely for long enough; disposing closes what is left.
            }

            if (host is IAsyncDisposable disposable)
                await disposable.DisposeAsync().ConfigureAwait(false);
            else
                host.Dispose();
        });
        await host.StartAsync(cancellationToken).ConfigureAwait(false);
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() =>
        {
            if (isWanted)
                Board.Set(name, LabResourceState.Ended, $"it ended by itself; {Path.Combine(Topology.LogDirectory, $"{name}.log")} says why");
        });
    }

    private Task RestartNginxAsync(CancellationToken cancellationToken)
    {
        if (Nginx is not { } nginx)
            throw new LabException("The lab runs without nginx.");
        return nginx.RestartAsync(cancellationToken);
    }

    private void Log(ILoggingBuilder logging, string resource)
    {
        // Not the console, which is the lab's table; telemetry stays.
        logging.AddFilter<ConsoleLoggerProvider>(null, LogLevel.None);
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Polly", LogLevel.Warning);
        logging.AddFilter("System.Net.Http", LogLevel.Warning);
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.Services.AddSingleton<ILoggerProvider>(new FileLoggerProvider(Path.Combine(Topology.LogDirectory, $"{resource}.log"), _clock));
        // One process, one Ctrl-C: the lab takes its parts down itself.
        logging.Services.AddSingleton<IHostLifetime, PassiveLifetime>();
    }

    private void CheckPorts()
    {
        var clash = Topology.Ports.All.GroupBy(port => port.Number).FirstOrDefault(group => group.Count() > 1);
        if (clash is not null)
            throw new LabException($"Port {clash.Key} is given twice: {string.Join(" and ", clash.Select(port => port.Option))}.", ExitCodes.Usage);
        foreach (var port in Topology.Ports.All)
        {
            if (port.Resource == LabTopology.Nginx && Topology.NginxSource == NginxSource.Off)
                continue;
            switch (PortCheck.Refusal(port))
            {
                case null:
                    break;
                case SocketError.AddressAlreadyInUse:
                    throw new LabException($"Port {port.Number} of '{port.Resource}' is in use. End who listens there, or move the resource with {port.Option}.");
                case { } error:
                    throw new LabException($"Port {port.Number} of '{port.Resource}' cannot be used: {error}. Move the resource with {port.Option}.");
            }
        }
    }

    private string Beyond => Topology.ContainerGateway is { } gateway ? $"; also on {gateway}, for the container" : "";

    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);
}
