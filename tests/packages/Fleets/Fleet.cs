using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using OcspLab.Ocsp.Responses;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Fleets;

/// <summary>
/// Instances of one application, each with services of its own, that serve the same certificates and ask one responder.
/// </summary>
public sealed class Fleet : IAsyncDisposable
{
    private readonly List<ServiceProvider> _instances = [];
    private readonly StoreServer _store;
    private readonly ScriptedServer _responder;
    private readonly TestAuthority _authority = new();
    private readonly FakeLogCollector _log = new();
    private readonly X509Certificate2[] _certificates;

    private Fleet(StoreServer store, ScriptedServer responder, int certificates)
    {
        _store = store;
        _responder = responder;
        responder.Script = AnswerAsync;
        var now = DateTimeOffset.UtcNow;
        _certificates =
        [
            .. Enumerable
                .Range(0, certificates)
                .Select(number =>
                    _authority.Server(new Uri(responder.Url, $"/{number}"), now.AddDays(-1), now.AddDays(1))
                ),
        ];
    }

    /// <summary>How often the responder was asked.</summary>
    public int Requests => _responder.Requests;

    /// <summary>How long a response lasts.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>What the responder says of every certificate.</summary>
    public CertStatus Status { get; set; } = CertStatus.Good;

    /// <summary>What the instances staple, certificate by certificate.</summary>
    public IReadOnlyList<IReadOnlyList<StapleStatus>> Staples => [.. Instances.Select(instance => instance.Staples)];

    public IReadOnlyList<IOcspStapler> Instances =>
        [.. _instances.Select(instance => instance.GetRequiredService<IOcspStapler>())];

    /// <summary>What the instances have warned of, each thing once and how often.</summary>
    public string Warnings =>
        string.Join(
            '\n',
            _log.GetSnapshot()
                .Where(record => record.Level >= LogLevel.Warning)
                // What follows differs from one time to the next.
                .CountBy(record => record.Message[..Math.Min(220, record.Message.Length)])
                .Select(same => $"{same.Value} times: {same.Key}")
        );

    /// <summary>What came of the last looks, and how often.</summary>
    private string Outcomes =>
        string.Join(
            ", ",
            Staples
                .SelectMany(instance => instance)
                .CountBy(staple => staple.LastOutcome)
                .Select(outcome => $"{outcome.Value} {outcome.Key}")
        );

    public X509Certificate2 First => _certificates[0];

    public TestAuthority Authority => _authority;

    public string FirstKey => Convert.ToHexStringLower(SHA256.HashData(_certificates[0].RawData));

    public static async Task<Fleet> StartAsync(
        StoreServer store,
        int instances,
        int certificates,
        TimeSpan? lifetime = null
    )
    {
        var fleet = new Fleet(store, await ScriptedServer.StartAsync(), certificates);
        fleet.Lifetime = lifetime ?? fleet.Lifetime;
        await Task.WhenAll(Enumerable.Range(0, instances).Select(_ => fleet.AddAsync(store.Port)));
        return fleet;
    }

    /// <summary>Another instance, whose way to the store is this port. It is there when all is stapled.</summary>
    public async Task<IOcspStapler> AddAsync(int port)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(_log)));
        services
            .AddOcspStapling()
            .Configure(options =>
            {
                options.MinimumRefreshInterval = TimeSpan.FromSeconds(1);
                options.RetryDelay = TimeSpan.FromSeconds(1);
                options.StartupTimeout = TimeSpan.FromMinutes(1);
            });
        _store.Use(services, port);
        var provider = services.BuildServiceProvider();
        lock (_instances)
            _instances.Add(provider);
        var stapler = provider.GetRequiredService<IOcspStapler>();
        await Task.WhenAll(
            _certificates.Select(certificate => stapler.PrepareAsync(certificate, [_authority.Certificate]))
        );
        return stapler;
    }

    /// <summary>Whether every instance staples this of every certificate.</summary>
    public bool AllStaple(CertStatusKind kind) =>
        Staples.All(instance =>
            instance.Count == _certificates.Length && instance.All(staple => staple.Staple?.Status.Kind == kind)
        );

    /// <summary>Whether every instance staples a response of every certificate that is newer than this.</summary>
    public bool AllNewerThan(DateTimeOffset time) =>
        Staples.All(instance =>
            instance.Count == _certificates.Length && instance.All(staple => staple.Staple?.ThisUpdate > time)
        );

    /// <summary>
    /// Watches for a time that every instance staples a response of every certificate that has not expired, and counts
    /// how often the responder is asked meanwhile.
    /// </summary>
    public async Task<int> WatchAsync(TimeSpan time)
    {
        var before = Requests;
        for (var end = DateTimeOffset.UtcNow + time; DateTimeOffset.UtcNow < end; )
        {
            AssertStapled();
            await Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken);
        }

        return Requests - before;
    }

    /// <summary>So many questions since a number of them; else it says what the instances have warned of.</summary>
    public void AssertAsked(int since, int least, int most)
    {
        var asked = Requests - since;
        Assert.True(asked >= least && asked <= most, $"{asked} and not {least} to {most}: {Outcomes}\n{Warnings}");
    }

    /// <summary>Every instance staples a response of every certificate that has not expired.</summary>
    public void AssertStapled() =>
        Assert.All(Staples.SelectMany(instance => instance), staple => Assert.NotNull(staple.Staple));

    public async ValueTask DisposeAsync()
    {
        foreach (var instance in _instances)
            await instance.DisposeAsync();
        await _responder.DisposeAsync();
    }

    private Task AnswerAsync(HttpContext context)
    {
        var number = int.Parse(context.Request.Path.Value!.Split('/')[1], CultureInfo.InvariantCulture);
        var now = DateTimeOffset.UtcNow;
        context.Response.ContentType = "application/ocsp-response";
        return context
            .Response.Body.WriteAsync(
                _authority.Respond(_certificates[number], Status, now, now + Lifetime),
                context.RequestAborted
            )
            .AsTask();
    }
}
