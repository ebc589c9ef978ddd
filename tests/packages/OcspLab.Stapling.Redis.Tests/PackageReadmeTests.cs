using Microsoft.Extensions.DependencyInjection;
using OcspLab.Stapling.Status;
using OcspLab.Testing;
using StackExchange.Redis;

namespace OcspLab.Stapling.Redis.Tests;

/// <summary>The code of the package's README: compiled here, and run.</summary>
[Trait("Ring", "program")]
public sealed class PackageReadmeTests
{
    [Fact]
    public void Its_code_is_what_is_compiled_here() => ReadmeCode.AssertIsIn("PackageReadmeTests.cs.txt", blocks: 2);

    [Fact]
    public async Task An_application_starts_with_it_though_the_server_is_away()
    {
        var services = new ServiceCollection();
        services.AddOcspStapling();
        services.AddOcspStaplingRedis("redis:6379");
        Assert.Equal(RefreshOutcome.Good, await PrepareAsync(services));
    }

    [Fact]
    public void What_is_no_address_is_said_at_once() =>
        Assert.ThrowsAny<ArgumentException>(() =>
            new ServiceCollection().AddOcspStaplingRedis("redis:6379,nonsense=1")
        );

    [Fact]
    public async Task Over_a_connection_of_the_applications_all_keys_have_its_prefix()
    {
        await using var server = await RedisServer.StartAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync(
            $"127.0.0.1:{server.Port},allowAdmin=true"
        );
        var services = new ServiceCollection();
        services.AddSingleton<IConnectionMultiplexer>(connection);
        services.AddOcspStapling();
        services.AddOcspStaplingRedis(provider => provider.GetRequiredService<IConnectionMultiplexer>(), "shop:");
        Assert.Equal(RefreshOutcome.Good, await PrepareAsync(services));
        var keys = connection.GetServers()[0].Keys().Select(key => key.ToString()).ToArray();
        Assert.NotEmpty(keys);
        Assert.All(keys, key => Assert.StartsWith("shop:ocsp-", key, StringComparison.Ordinal));
        Assert.True(connection.IsConnected, "it is the application's to close");
    }

    /// <summary>What came of the first look for a certificate.</summary>
    private static async Task<RefreshOutcome> PrepareAsync(ServiceCollection services)
    {
        var authority = new TestAuthority();
        await using var responder = await ScriptedServer.StartAsync();
        var now = DateTimeOffset.UtcNow;
        using var certificate = authority.Server(responder.Url, now.AddDays(-1), now.AddDays(1));
        responder.Script = ScriptedServer.Send(() => authority.Respond(certificate, thisUpdate: now));
        await using var provider = services.BuildServiceProvider();
        var status = await provider
            .GetRequiredService<IOcspStapler>()
            .PrepareAsync(certificate, [authority.Certificate], TestContext.Current.CancellationToken);
        return status.LastOutcome;
    }
}
