using System.ComponentModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OcspLab.Dns;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Topology;
using OcspLab.Pki;
using OcspLab.Responder.Hosting;
using OcspLab.Responder.Listening;
using OcspLab.Responder.Sources;

namespace OcspLab.Lab.Services;

/// <summary>
/// Services of the lab within this process, each with a log of its own; taken down in the reverse order of their start.
/// </summary>
/// <param name="logDirectory">Where the logs go.</param>
/// <param name="clock">The time.</param>
/// <param name="ended">Is told which service ended unasked, and what there is to know of it.</param>
internal sealed class LabFoundation(string logDirectory, TimeProvider clock, Action<string, string> ended)
    : IAsyncDisposable
{
    private readonly Stack<Func<ValueTask>> _undo = new();

    /// <summary>Starts the name server.</summary>
    public Task StartDnsAsync(LabTopology topology, CancellationToken cancellationToken) =>
        RunAsync(
            LabTopology.Dns,
            DnsService.Create(topology.ArgumentsOf(LabTopology.Dns), builder => Log(builder.Logging, LabTopology.Dns)),
            cancellationToken
        );

    /// <summary>Starts the responder, which knows these certificates, and the renewal of its signer.</summary>
    public async Task StartResponderAsync(
        LabTopology topology,
        LabPki pki,
        IEnumerable<IssuedCertificate> certificates,
        CancellationToken cancellationToken
    )
    {
        var responder = ResponderService.Create(topology.ArgumentsOf(LabTopology.Responder), builder =>
        {
            Log(builder.Logging, LabTopology.Responder);
            builder.Services.AddHostedService(services => new SignerRenewal(
                pki,
                clock,
                services.GetRequiredService<ILogger<SignerRenewal>>()
            ));
        });
        await responder
            .Services.GetRequiredService<ICertificateRegistry>()
            .RegisterAsync(certificates, clock, cancellationToken)
            .ConfigureAwait(false);
        await RunAsync(LabTopology.Responder, responder, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Starts a service.</summary>
    public async Task RunAsync(string name, IHost host, CancellationToken cancellationToken)
    {
        var isWanted = true;
        _undo.Push(async () =>
        {
            isWanted = false;
            using var deadline = new CancellationTokenSource(StopTimeout, clock);
            try
            {
                await host.StopAsync(deadline.Token).ConfigureAwait(false);
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
        host.Services.GetRequiredService<IHostApplicationLifetime>()
            .ApplicationStopping.Register(() =>
            {
                if (isWanted)
                    ended(name, $"it ended by itself; {LogOf(name)} says why");
            });
    }

    /// <summary>Has a service write to its own file, and leave the console to the lab.</summary>
    public void Log(ILoggingBuilder logging, string resource)
    {
        // Telemetry stays.
        logging.AddFilter<ConsoleLoggerProvider>(null, LogLevel.None);
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Polly", LogLevel.Warning);
        logging.AddFilter("System.Net.Http", LogLevel.Warning);
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.Services.AddSingleton<ILoggerProvider>(new FileLoggerProvider(LogOf(resource), clock));
        // One process, one Ctrl-C: the lab takes its parts down itself.
        logging.Services.AddSingleton<IHostLifetime, PassiveLifetime>();
    }

    /// <summary>Takes it down with the rest, in its turn.</summary>
    public void Push(Func<ValueTask> undo) => _undo.Push(undo);

    /// <summary>Takes everything down; one part that fails to go does not keep the others.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_undo.TryPop(out var undo))
        {
            try
            {
                await undo().ConfigureAwait(false);
            }
            catch (Exception exception)
                when (exception
                        is IOException
                            or UnauthorizedAccessException
                            or Win32Exception
                            or InvalidOperationException
                            or AggregateException
                            or LabException
                )
            {
                ended("lab", $"while taking it down: {exception.Message}");
            }
        }
    }

    private string LogOf(string resource) => Path.Combine(logDirectory, $"{resource}.log");

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);
}
