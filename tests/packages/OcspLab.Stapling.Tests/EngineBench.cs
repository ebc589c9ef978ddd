using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>An engine on a clock that tests move, with a responder and a store that do what they are told.</summary>
public abstract class EngineBench : IAsyncLifetime
{
    private readonly ServiceProvider _services;
    private readonly List<StaplingEngine> _engines = [];
    private readonly FileThreads _files = new(new BlockingThreads("test files"));
    private StaplingEngine? _engine;
    private StapleRefresher? _refresher;

    protected EngineBench()
    {
        Log = FakeLogCollector.Create(new FakeLogCollectorOptions { OutputSink = line => Logged?.Invoke(line) });
        _services = new ServiceCollection()
            .AddMetrics()
            .AddOptions()
            .AddSingleton<IOcspClient>(Client)
            .AddSingleton<IIssuerClient>(Issuers)
            .BuildServiceProvider();
    }

    internal SteppedClock Clock { get; } = new(TestAuthority.Now);
    internal ScriptedIssuerClient Issuers { get; } = new();
    internal IConfiguration? Configuration { get; set; }
    internal BlockingThreads StoreThreads { get; } = new("test store");
    internal FakeLogCollector Log { get; }

    /// <summary>Is called with what is logged, when it is.</summary>
    internal Action<string>? Logged { get; set; }

    internal ScriptedClient Client { get; } = new();
    internal StaplingOptions Options { get; } = new();
    internal HandOffStatus HandOff { get; } = new();
    internal IStapleStore? Store { get; set; }
    internal IStapleChannel? Channel { get; set; }
    internal OptionsMonitor Monitor => field ??= new OptionsMonitor(Options);
    internal IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    internal StaplingEngine Engine => _engine ??= CreateEngine();

    /// <summary>The refresher of the engine that was made last.</summary>
    internal StapleRefresher Refresher
    {
        get
        {
            _ = Engine;
            return _refresher!;
        }
    }

    internal ILogger Logger =>
        field ??= LoggerFactory
            .Create(builder => builder.AddProvider(new FakeLoggerProvider(Log)).SetMinimumLevel(LogLevel.Trace))
            .CreateLogger(StaplingLog.Category);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_engine is not null)
        {
            await _engine.StopAsync(CancellationToken.None);
            _engine.Dispose();
        }

        await _services.DisposeAsync();
    }

    /// <summary>
    /// Another engine with the same clock, settings, responder and store: another instance, or the same after a
    /// restart.
    /// </summary>
    internal StaplingEngine CreateEngine()
    {
        var logger = Logger;
        var metrics = new StaplingMetrics(Meters);
        var issuers = new IssuerFinder(Monitor);
        var news = new StaplingNews(_services, Monitor, Clock, logger);
        var fleet = new FleetNews(Channel, Clock, logger);
        var archive = new StapleArchive(new StoreAttempts(Store, StoreThreads, Clock, logger), fleet, Clock, logger);
        var schedule = new RefreshSchedule(Monitor, Clock, new Random(1));
        _refresher = new StapleRefresher(
            new StapleLookup(
                new StapleFetcher(_services, _files, Monitor, Clock),
                archive,
                schedule,
                _services.GetRequiredService<IOptionsMonitor<OcspClientOptions>>(),
                Clock
            ),
            archive,
            new IssuerSearch(_services, issuers, _files, archive, Monitor, Clock),
            schedule,
            news,
            Monitor,
            metrics,
            Clock,
            logger
        );
        var engine = new StaplingEngine(
            _refresher,
            archive,
            issuers,
            news,
            fleet,
            Monitor,
            Configuration,
            metrics,
            HandOff,
            Clock,
            logger
        );
        _engines.Add(engine);
        return engine;
    }

    /// <summary>Time passes in steps, so that what comes due in between happens in between.</summary>
    internal async Task PassAsync(TimeSpan time, TimeSpan? step = null)
    {
        var each = step ?? TimeSpan.FromMinutes(30);
        for (var passed = TimeSpan.Zero; passed < time; passed += each)
            await AdvanceAsync(each);
    }

    internal StapleSlot Add() => Engine.Add(Staples.Server, [Staples.Authority.Certificate]);

    /// <summary>A certificate that the engine knows nothing of.</summary>
    internal StapleSlot NewSlot(bool withIssuer = true, X509Certificate2? certificate = null)
    {
        certificate ??= Staples.Server;
        X509Certificate2[] atHand = withIssuer ? [Staples.Authority.Certificate] : [];
        var facts = CertificateFacts.Read(certificate, atHand, new IssuerFinder(Monitor), Options, Logger);
        return new StapleSlot(certificate, facts, Clock.GetTimestamp());
    }

    internal async Task<StapleSlot> AddAndWaitAsync()
    {
        var slot = Add();
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        return slot;
    }

    /// <summary>One look, without the engine. It has as much real time as any; only tests move the clock.</summary>
    internal Task<DateTimeOffset?> LookAsync(StapleSlot slot, bool isManual = false) =>
        Bounded(Refresher.RefreshAsync(slot, isManual, TestContext.Current.CancellationToken));

    /// <summary>What waits for a clock that nobody moves fails instead.</summary>
    internal static Task<T> Bounded<T>(Task<T> task) =>
        task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    internal async Task RefreshAsync(StapleSlot slot)
    {
        var (calls, last) = (Client.Calls, slot.Status.LastRefresh);
        for (var step = 0; step < 150 && Client.Calls == calls; step++)
            await AdvanceAsync(TimeSpan.FromMinutes(10));
        Assert.NotEqual(calls, Client.Calls);
        await Poll.UntilAsync(() => slot.Status.LastRefresh != last, "the refresh is over");
    }

    /// <summary>
    /// Fake time moves; then the engines have as much real time as they need for what has come due, and a moment where
    /// they wait for something else.
    /// </summary>
    internal async Task AdvanceAsync(TimeSpan time)
    {
        Clock.Advance(time);
        var step = 0;
        do await Task.Delay(2, TestContext.Current.CancellationToken);
        while (++step < 20 && _engines.Any(engine => engine.Busy > 0));
    }

    internal sealed class OptionsMonitor(StaplingOptions options) : IOptionsMonitor<StaplingOptions>
    {
        private Action<StaplingOptions, string?>? _listeners;

        /// <summary>What reading the settings throws.</summary>
        public Exception? Fault { get; set; }

        public StaplingOptions CurrentValue => Fault is null ? options : throw Fault;

        public StaplingOptions Get(string? name) => CurrentValue;

        public IDisposable? OnChange(Action<StaplingOptions, string?> listener)
        {
            _listeners += listener;
            return null;
        }

        public void Changed() => _listeners?.Invoke(options, Microsoft.Extensions.Options.Options.DefaultName);
    }
}
