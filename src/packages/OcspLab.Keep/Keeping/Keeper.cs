using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Keep.Files;
using OcspLab.Keep.Outputs;
using OcspLab.Keep.Reloading;
using OcspLab.Keep.Settings;
using OcspLab.Stapling;

namespace OcspLab.Keep.Keeping;

/// <summary>Looks once a second what has changed about the certificates and their staples, and passes it on.</summary>
internal sealed class Keeper : BackgroundService
{
    private readonly IOptionsMonitor<KeepOptions> _options;
    private readonly IOcspStapler _stapler;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly IDisposable? _watch;
    private volatile IReadOnlyList<KeptCertificate> _certificates = [];
    private volatile IReadOnlyList<Reloader> _reloaders = [];
    private volatile KeptStaples _staples = new([]);
    private volatile bool _isChanged = true;
    private KeepOptions? _settings;
    private bool _isRunning;
    private long _lookedAt;

    public Keeper(
        IOptionsMonitor<KeepOptions> options,
        IOcspStapler stapler,
        TimeProvider clock,
        ILoggerFactory loggers
    )
    {
        _options = options;
        _stapler = stapler;
        _clock = clock;
        _logger = loggers.CreateLogger(KeepLog.Category);
        _watch = options.OnChange(_ => _isChanged = true);
    }

    /// <summary>What is kept.</summary>
    public IReadOnlyList<KeptCertificate> Certificates => _certificates;

    /// <summary>What there is to answer from.</summary>
    public KeptStaples Staples => _staples;

    /// <summary>Why servers could not be made to read their files again, or null.</summary>
    public string? ReloadFault =>
        _reloaders.Select(reloader => reloader.Fault).FirstOrDefault(fault => fault is not null);

    /// <summary>When the last look at a certificate began, as the clock counts.</summary>
    public long LookedAt => Volatile.Read(ref _lookedAt);

    /// <summary>One look at everything.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _lookedAt, _clock.GetTimestamp());
        if (_isChanged)
            Configure();
        var staples = _stapler.Staples.ToDictionary(status => status.Thumbprint, StringComparer.OrdinalIgnoreCase);
        foreach (var certificate in _certificates)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Volatile.Write(ref _lookedAt, _clock.GetTimestamp());
            await GuardAsync(certificate.Name, () => certificate.StepAsync(staples, cancellationToken))
                .ConfigureAwait(false);
        }

        Publish();
    }

    /// <summary>Has servers read their files again, where that is wanted.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        // For another certificate, say; and only where it matters, because it looks at every file.
        if (!_reloaders.Any(reloader => reloader.IsWanted) || _certificates.Any(kept => kept.IsInBetween))
            return;
        foreach (var reloader in _reloaders)
            await GuardAsync("reload", () => reloader.StepAsync(cancellationToken)).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        _watch?.Dispose();
        foreach (var certificate in _certificates)
            certificate.Dispose();
        base.Dispose();
    }

    // A command takes its time, and no staple is to wait for it.
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _isRunning = true;
        return Task.WhenAll(RepeatAsync(StepAsync, stoppingToken), RepeatAsync(ReloadAsync, stoppingToken));
    }

    private async Task RepeatAsync(Func<CancellationToken, Task> step, CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var timer = new PeriodicTimer(Interval, _clock);
        try
        {
            do await GuardAsync("the keeper", () => step(stoppingToken)).ConfigureAwait(false);
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private void Publish()
    {
        var now = _certificates
            .Where(kept => kept.SerialNumber is not null)
            .Select(kept => (kept.SerialNumber!, kept.Given))
            .ToList();
        if (!_staples.Entries.SequenceEqual(now))
            _staples = new KeptStaples(now);
    }

    // What is as it was goes on as it is.
    private void Configure()
    {
        _isChanged = false;
        var options = _options.CurrentValue;
        var isSame = _settings is { } last && Common(last) == Common(options);
        var reloaders = options
            .Certificates.Values.Select(its => its.Reload ?? options.Reload)
            .OfType<string>()
            .Distinct()
            .ToDictionary(
                command => command,
                command =>
                    (isSame ? _reloaders.FirstOrDefault(known => known.Command == command) : null)
                    ?? new Reloader(command, options, _clock, _logger)
            );
        var sockets = options
            .Certificates.Values.Select(its => its.HaproxySocket)
            .OfType<string>()
            .Distinct()
            .ToDictionary(address => address, address => new HaproxySocket(address, _clock));
        // What a former one had still to do, or has failed to.
        if (_reloaders.Except(reloaders.Values).Any(former => former.IsWanted))
        {
            foreach (var reloader in reloaders.Values)
                reloader.Request();
        }

        var kept = options
            .Certificates.Select(entry =>
                isSame
                && _certificates.FirstOrDefault(former => former.Name == entry.Key) is { } known
                && known.Settings == entry.Value
                    ? known
                    : Make(entry.Key, entry.Value)
            )
            .ToList();
        WholeFile.RemoveUnfinished(
            kept.Except(_certificates)
                .SelectMany(its => (string?[])[its.Settings.StapleFile, its.Settings.NginxInclude])
                .OfType<string>()
        );
        foreach (var former in _certificates.Except(kept))
            former.Leave();
        (_settings, _reloaders, _certificates) = (options, [.. reloaders.Values], kept);
        _logger.Keeping(kept.Count);

        KeptCertificate Make(string name, KeptCertificateOptions its)
        {
            var delivery = new StapleDelivery(
                name,
                its,
                (its.Reload ?? options.Reload) is { } command ? reloaders[command] : null,
                its.HaproxySocket is { } address ? sockets[address] : null,
                _clock,
                _logger
            );
            if (_settings is null && _isRunning)
                delivery.WantReload();
            return new KeptCertificate(name, its, options, _stapler, delivery, IsKeptTwice, _clock, _logger);
        }
    }

    private bool IsKeptTwice(string thumbprint) => _certificates.Count(known => known.Holds(thumbprint)) > 1;

    private static (string?, string?, TimeSpan, TimeSpan, TimeSpan) Common(KeepOptions options) =>
        (options.Reload, options.Test, options.ReloadInterval, options.CommandTimeout, options.RenewalPatience);

    [SuppressMessage("Design", "CA1031", Justification = "The boundary of what must go on, for all the others.")]
    private async Task GuardAsync(string name, Func<Task> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            _logger.Faulted(name, exception);
        }
    }

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
}
