using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Probe;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>A responder that nobody can reach: the same promises as for one that answers nonsense.</summary>
public sealed class UnreachableTests : SiteBench
{
    public enum Address
    {
        ClosedPort,
        HangsAtConnect,
        UnknownName,
    }

    public static TheoryData<Address> Addresses => [.. Enum.GetValues<Address>()];

    [
        Theory,
        MemberData(nameof(Addresses)),
        Trait("Rule", "S7"),
        Trait("Rule", "S8"),
        Trait("Rule", "S20"),
        Trait("Rule", "S21")
    ]
    public async Task The_last_good_staple_serves_until_next_update_then_nothing_then_the_new_one(Address address)
    {
        using var unreachable = new Unreachable(address);
        await using var app = await StartAsync(Quick);
        var status = app.Services.GetRequiredService<IStaplingStatus>();
        Assert.Equal(StapleVerdictKind.Good, await SeenAsync(app));

        // Past the refresh point.
        await PointAtAsync(app, unreachable.Url);
        Clock.Jump(TimeSpan.FromHours(13));
        await RefreshAsync(status);
        Assert.Equal(StapleVerdictKind.Good, await SeenAsync(app));
        Assert.Equal(RefreshOutcome.Failed, status.Staples.Single().LastOutcome);

        // Past nextUpdate.
        Clock.Jump(TimeSpan.FromHours(11));
        Assert.Equal(StapleVerdictKind.Absent, await SeenAsync(app));

        // Well again.
        Responder.Script = ScriptedServer.Send(() => Authority.Respond(Certificate, thisUpdate: Clock.GetUtcNow()));
        await PointAtAsync(app, null);
        await RefreshAsync(status);
        Assert.Equal(StapleVerdictKind.Good, await SeenAsync(app));
    }

    [Theory, MemberData(nameof(Addresses)), Trait("Rule", "S1"), Trait("Rule", "S34")]
    public async Task At_start_the_port_opens_without_a_staple_and_the_log_says_why(Address address)
    {
        using var unreachable = new Unreachable(address);
        await using var app = await StartAsync(builder =>
        {
            Quick(builder);
            builder.Configuration[ResponderKey] = unreachable.Url;
        });
        Assert.Equal(StapleVerdictKind.Absent, await SeenAsync(app));
        await Poll.UntilAsync(() => Log.GetSnapshot().Any(record => record.Id.Name == "NothingToStaple"), "the reason");
        var word = address switch
        {
            Address.ClosedPort => "refused",
            Address.HangsAtConnect => "no answer within 2 s",
            _ => "no a",
        };
        Assert.Contains(
            word,
            Log.GetSnapshot().First(record => record.Id.Name == "NothingToStaple").Message,
            StringComparison.Ordinal
        );
    }

    // As an operator would: in the configuration, while the site runs. It is asked at once.
    private static async Task PointAtAsync(WebApplication app, string? url)
    {
        var status = app.Services.GetRequiredService<IStaplingStatus>();
        app.Configuration[ResponderKey] = url;
        ((IConfigurationRoot)app.Configuration).Reload();
        await Poll.UntilAsync(
            () => url is null != status.Staples.Single().Urls.Any(asked => asked.OriginalString == url),
            "the setting is taken up"
        );
    }

    private static Task<IReadOnlyList<StapleStatus>> RefreshAsync(IStaplingStatus status) =>
        status.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);

    private Task<StapleVerdictKind> SeenAsync(WebApplication app) => StapleAsync(app, now: Clock.GetUtcNow());

    private const string ResponderKey = "OcspStapling:Responder";

    /// <summary>An address where no connection comes about.</summary>
    private sealed class Unreachable : IDisposable
    {
        private readonly List<Socket> _sockets = [];

        public Unreachable(Address address) =>
            Url = address switch
            {
                Address.UnknownName => "http://responder.invalid/",
                Address.ClosedPort => $"http://127.0.0.1:{ClosedPort()}/",
                _ => $"http://127.0.0.1:{FullPort()}/",
            };

        public string Url { get; }

        public void Dispose() => _sockets.ForEach(socket => socket.Dispose());

        private int ClosedPort()
        {
            // Bound and not listening: nobody else gets it, and nobody answers.
            var socket = Open();
            return ((IPEndPoint)socket.LocalEndPoint!).Port;
        }

        private int FullPort()
        {
            var listener = Open();
            listener.Listen(0);
            // The queue of connections that nobody accepts takes one or two; whoever comes after waits for ever.
            for (var i = 0; i < 4; i++)
                _ = Open().ConnectAsync(listener.LocalEndPoint!);
            return ((IPEndPoint)listener.LocalEndPoint!).Port;
        }

        private Socket Open()
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _sockets.Add(socket);
            return socket;
        }
    }
}
