using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Serving;
using OcspLab.Keep.Health;
using OcspLab.Keep.Keeping;
using OcspLab.Keep.Settings;
using OcspLab.Lab;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Listening;
using OcspLab.Stapling;
using OcspLab.Stapling.Status;

namespace OcspLab.Cli.Keeping;

/// <summary>Keeps staples in this process: on and on, or once.</summary>
internal static class KeepRun
{
    /// <summary>Until it is cancelled.</summary>
    /// <exception cref="LabException">The settings or a file cannot be used.</exception>
    public static Task<int> UntilEndAsync(
        string? config,
        IReadOnlyDictionary<string, string?> settings,
        CancellationToken cancellationToken
    ) =>
        GuardAsync(async () =>
        {
            using var host = Build(config, settings);
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
            await host.WaitForEndAsync(cancellationToken).ConfigureAwait(false);
            await host.StopAsync(CancellationToken.None).ConfigureAwait(false);
            return ExitCodes.Good;
        });

    /// <summary>Until every certificate was asked about once, or has had its time.</summary>
    /// <exception cref="LabException">The settings or a file cannot be used, or the reload has failed.</exception>
    public static Task<int> OnceAsync(
        string? config,
        IReadOnlyDictionary<string, string?> settings,
        CancellationToken cancellationToken
    ) =>
        GuardAsync(async () =>
        {
            using var host = Build(config, settings);
            // Throws where the settings make no sense.
            _ = host.Services.GetRequiredService<IOptions<KeepOptions>>().Value;
            var options = host.Services.GetRequiredService<IOptions<StaplingOptions>>().Value;
            var keeper = host.Services.GetRequiredService<Keeper>();
            var stapler = host.Services.GetRequiredService<IOcspStapler>();
            var clock = TimeProvider.System;
            var started = clock.GetTimestamp();
            await keeper.StepAsync(cancellationToken).ConfigureAwait(false);
            // What was stored may be old: everybody is asked.
            await WaitAsync(stapler.RefreshAsync(null, cancellationToken), options.StartupTimeout)
                .ConfigureAwait(false);
            await keeper.StepAsync(cancellationToken).ConfigureAwait(false);
            await keeper.ReloadAsync(cancellationToken).ConfigureAwait(false);
            foreach (var kept in keeper.Certificates)
                Console.WriteLine($"{kept.Name}: {Describe(kept)}");
            if (keeper.ReloadFault is { } fault)
                throw new LabException(fault);
            return keeper.Certificates.Max(Code);
        });

    private static async Task WaitAsync(Task refresh, TimeSpan atMost)
    {
        try
        {
            await refresh.WaitAsync(atMost * 3).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Told for each certificate.
        }
    }

    private static string Describe(KeptCertificate kept) =>
        (kept.Given, kept.Fault, kept.Status) switch
        {
            (_, { } fault, _) => fault,
            ({ } staple, _, _) => $"{staple.Status.Kind.ToString().ToLowerInvariant()} until {staple.ExpiresAt:u}",
            (_, _, { IsRevoked: true }) => "revoked, and withheld",
            (_, _, { } status) => $"no staple ({status.LastOutcome.ToTag()}{Detail(status)})",
            _ => "no staple",
        };

    private static string Detail(StapleStatus status) => status.LastDetail is { } detail ? $": {detail}" : "";

    private static int Code(KeptCertificate kept) =>
        kept switch
        {
            { Fault: not null } => ExitCodes.Configuration,
            { Given.Status.Kind: CertStatusKind.Good } => ExitCodes.Good,
            { Status.IsRevoked: true } or { Given: not null } => ExitCodes.Revoked,
            { Status.LastOutcome: RefreshOutcome.Unknown } => ExitCodes.Unknown,
            _ => ExitCodes.NoStaple,
        };

    /// <summary>Turns what a person can mend into what they are told.</summary>
    public static async Task<int> GuardAsync(Func<Task<int>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is OptionsValidationException or InvalidDataException or InvalidOperationException)
        {
            throw new LabException(exception.Message, LabFailure.Configuration, exception);
        }
        catch (IOException exception)
        {
            throw new LabException(exception.Message, LabFailure.Unavailable, exception);
        }
    }

    /// <summary>The host, with the settings of a file and of the command line.</summary>
    public static IHost Build(string? config, IReadOnlyDictionary<string, string?> settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        if (config is not null)
            builder.Configuration.AddJsonFile(config, optional: false, reloadOnChange: true);
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Configuration[Otlp] = Environment.GetEnvironmentVariable(Otlp);
        builder
            .Logging.SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .AddFilter("System.Net.Http", LogLevel.Warning)
            .AddFilter("Polly", LogLevel.Error)
            .Services.AddSingleton<ILoggerProvider>(new LineLoggerProvider(Console.Out.WriteLine));
        builder.AddServiceDefaults(StaplingTelemetry.MeterName, KeepTelemetry.MeterName);
        builder.Services.AddOcspKeep(builder.Configuration);
        // Ctrl-C is the command line's.
        builder.Services.AddSingleton<IHostLifetime, PassiveLifetime>();
        return builder.Build();
    }

    private const string Otlp = "OTEL_EXPORTER_OTLP_ENDPOINT";
}
