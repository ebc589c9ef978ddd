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
    private readonly LabTopology _topology;
    private readonly TimeProvider _clock;
    private readonly Action<string> _progress;
    private readonly Stack<Func<ValueTask>> _undo = new();
    private readonly List<LabResource> _resources = [];

    private EmbeddedLab(LabTopology topology, TimeProvider clock, Action<string> progress)
    {
        _topology = topology;
        _clock = clock;
        _progress = progress;
    }

    /// <summary>Every part, in order.</summary>
    public IReadOnlyList<LabResource> Resources => _resources;

    /// <summary>nginx, or null when the lab runs without.</summary>
    public NginxProcess? Nginx { get; private set; }

    /// <summary>Brings the lab up; when this returns, every part that can be is ready.</summary>
    /// <param name="topology">What to bring up.</param>
    /// <param name="clock">The time.</param>
    /// <param name="progress">Is told what goes on, one line a step.</param>
    /// <param name="cancellationToken">Takes down what is up so far.</param>
    /// <exception cref="LabException">Something that a person can mend; nothing is left running.</exception>
    public static async Task<EmbeddedLab> StartAsync(LabTopology topology, TimeProvider clock, Action<string> progress, CancellationToken cancellationToken)
    {
        var lab = new EmbeddedLab(topology, clock, progress);
        try
        {
            await lab.StartAsync(cancellationToken).ConfigureAwait(false);
            return lab;
        }
        catch (PkiException exception)
        {
            await lab.DisposeAsync().ConfigureAwait(false);
            throw new LabException(exception.Message, ExitCodes.Configuration, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or DbException or CryptographicException or InvalidOperationException or OptionsValidationException)
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

    /// <summary>Takes everything down; one part that fails to go does not keep the others.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_undo.TryPop(out var undo))
        {
            try
            {
                await undo().ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or InvalidOperationException or AggregateException)
            {
                _progress($"while taking the lab down: {exception.Message}");
            }
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var state = LabState.Claim(_topology);
        _undo.Push(() =>
        {
            state.Dispose();
            return ValueTask.CompletedTask;
        });
        // A lab that was killed could not take its nginx with it.
        await NginxProcess.EndLeftoverAsync(_topology.NginxDirectory, _clock, cancellationToken).ConfigureAwait(false);
        CheckPorts();

        var pki = _topology.CreatePki(_clock);
        _progress("pki: making or checking the certificates");
        var certificates = pki.Ensure();
        // What a server could not open, it would report in its own words, later.
        foreach (var certificate in certificates)
            StoredCertificate.Load(certificate.Files.FullChain, certificate.Files.Key, certificate.Files.Password).Dispose();
        StoredCertificate.Load(pki.OcspSigner).Dispose();
        _resources.Add(new LabResource(LabTopology.Pki, null, LabResourceState.Ready, $"{certificates.Count} certificates in {_topology.PkiDirectory}"));

        _progress("dns, responder");
        await RunAsync(DnsService.Create(_topology.ArgumentsOf(LabTopology.Dns), builder => Log(builder.Logging, LabTopology.Dns)), cancellationToken).ConfigureAwait(false);
        _resources.Add(new LabResource(LabTopology.Dns, $"127.0.0.1:{_topology.Ports.Dns}", LabResourceState.Ready, $"{LabTopology.SiteHost} and {LabTopology.ResponderHost}, UDP and TCP"));

        var responder = ResponderService.Create(_topology.ArgumentsOf(LabTopology.Responder), builder =>
        {
            Log(builder.Logging, LabTopology.Responder);
            builder.Services.AddHostedService(services => new SignerRenewal(pki, _clock, services.GetRequiredService<ILogger<SignerRenewal>>()));
        });
        await responder.Services.GetRequiredService<ICertificateRegistry>().RegisterAsync(certificates, _clock, cancellationToken).ConfigureAwait(false);
        await RunAsync(responder, cancellationToken).ConfigureAwait(false);
        _resources.Add(new LabResource(LabTopology.Responder, $"http://127.0.0.1:{_topology.Ports.Responder}", LabResourceState.Ready, $"admin API on {_topology.AdminUrl}, token in {_topology.AdminTokenFile}"));

        _progress("kestrel, kestrel-builtin");
        await RunAsync(SiteService.Create(_topology.ArgumentsOf(LabTopology.Kestrel), builder => Log(builder.Logging, LabTopology.Kestrel)), cancellationToken).ConfigureAwait(false);
        await RunAsync(SiteService.Create(_topology.ArgumentsOf(LabTopology.KestrelBuiltIn), builder => Log(builder.Logging, LabTopology.KestrelBuiltIn)), cancellationToken).ConfigureAwait(false);
        _resources.Add(await CheckSiteAsync(LabTopology.Kestrel, _topology.Ports.Kestrel, "this project's stapling", handshakes: 1, cancellationToken).ConfigureAwait(false));
        _resources.Add(await CheckSiteAsync(LabTopology.KestrelBuiltIn, _topology.Ports.KestrelBuiltIn, ".NET's built-in stapling", handshakes: 20, cancellationToken).ConfigureAwait(false));

        _resources.Add(await StartNginxAsync(pki.FilesOf(LabTopology.SiteCertificate), cancellationToken).ConfigureAwait(false));
    }

    private async Task<LabResource> StartNginxAsync(CertificateFiles certificate, CancellationToken cancellationToken)
    {
        if (_topology.NginxSource == NginxSource.Off)
            return new LabResource(LabTopology.Nginx, null, LabResourceState.Off, "left out (--nginx off)");
        if (_topology.NginxSource == NginxSource.Container)
            throw new LabException("nginx in a container is not supported by this version. Use --nginx process.", ExitCodes.Usage);

        var (binary, reason) = await new NginxLocator(NginxLocator.DefaultCacheDirectory, _progress).LocateAsync(cancellationToken).ConfigureAwait(false);
        if (binary is null)
        {
            return _topology.NginxSource == NginxSource.Process
                ? throw new LabException(reason)
                : new LabResource(LabTopology.Nginx, null, LabResourceState.Off, reason);
        }

        // In the directives that the article uses nginx reads a dollar sign as a variable, and has no way to write one.
        if (_topology.Directory.Contains('$', StringComparison.Ordinal))
            throw new LabException($"nginx cannot be given a path with a dollar sign: {_topology.Directory}. Choose another folder with --lab, or --nginx off.", ExitCodes.Usage);
        _progress($"nginx: {binary.Origin}, {binary.Path}");
        var view = await HostsViews.DetectAsync(cancellationToken).ConfigureAwait(false);
        if (view == HostsView.None)
            _progress("nginx: no private /etc/hosts on this machine (unshare is missing or forbidden), so ssl_stapling_responder tells it the responder's address");
        NginxConfiguration.Write(_topology, certificate, view);
        Nginx = new NginxProcess(binary, view, _topology.NginxDirectory, _clock);
        foreach (var warning in await Nginx.TestAsync(cancellationToken).ConfigureAwait(false))
            _progress($"nginx -t: {warning}");
        _undo.Push(Nginx.DisposeAsync);
        Nginx.Start();
        return await CheckSiteAsync(LabTopology.Nginx, _topology.Ports.Nginx, binary.Origin, handshakes: 40, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Shakes hands until there is a verified staple, the way a client would see it.</summary>
    private async Task<LabResource> CheckSiteAsync(string name, int port, string what, int handshakes, CancellationToken cancellationToken)
    {
        var probe = new TlsProbe(_clock);
        var address = $"https://127.0.0.1:{port}";
        for (var attempt = 1; ; attempt++)
        {
            var last = attempt == handshakes;
            try
            {
                var handshake = await probe.ConnectAsync("127.0.0.1", port, LabTopology.SiteHost, TlsVersion.Any, HandshakeTimeout, cancellationToken).ConfigureAwait(false);
                var verdict = StapleInspector.Inspect(handshake, [], _clock.GetUtcNow()).Staple;
                if (verdict.Verdict is not ("absent" or "rejected"))
                    return new LabResource(name, address, LabResourceState.Ready, $"stapled {verdict.Verdict}{(attempt == 1 ? "" : $" at handshake {attempt}")}; {what}");
                if (last || _topology.OcspInCertificates == OcspInCertificates.No)
                    return new LabResource(name, address, LabResourceState.Degraded, $"{(verdict.Verdict == "absent" ? "not stapled" : verdict.Reason)}; {what}");
            }
            catch (LabException exception) when (!last)
            {
                if (name == LabTopology.Nginx && Nginx is { IsRunning: false })
                    throw new LabException($"nginx ended: {Nginx.LastError() ?? exception.Message}", ExitCodes.Unreachable, exception);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), _clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(IHost host, CancellationToken cancellationToken)
    {
        _undo.Push(async () =>
        {
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
    }

    private void Log(ILoggingBuilder logging, string resource)
    {
        // Not the console, which is the lab's table; telemetry stays.
        logging.AddFilter<ConsoleLoggerProvider>(null, LogLevel.None);
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Polly", LogLevel.Warning);
        logging.AddFilter("System.Net.Http", LogLevel.Warning);
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.Services.AddSingleton<ILoggerProvider>(new FileLoggerProvider(Path.Combine(_topology.LogDirectory, $"{resource}.log"), _clock));
        // One process, one Ctrl-C: the lab takes its parts down itself.
        logging.Services.AddSingleton<IHostLifetime, PassiveLifetime>();
    }

    private void CheckPorts()
    {
        var clash = _topology.Ports.All.GroupBy(port => port.Number).FirstOrDefault(group => group.Count() > 1);
        if (clash is not null)
            throw new LabException($"Port {clash.Key} is given twice: {string.Join(" and ", clash.Select(port => port.Option))}.", ExitCodes.Usage);
        foreach (var port in _topology.Ports.All)
        {
            if (port.Resource == LabTopology.Nginx && _topology.NginxSource == NginxSource.Off)
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

    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);
}
