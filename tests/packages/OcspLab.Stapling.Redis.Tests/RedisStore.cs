using Microsoft.Extensions.DependencyInjection;
using OcspLab.Stapling.Fleets;
using OcspLab.Testing;
using StackExchange.Redis;

namespace OcspLab.Stapling.Redis.Tests;

/// <summary>Redis as a fleet's store.</summary>
internal sealed class RedisStore(RedisServer redis) : StoreServer
{
    public override int Port => redis.Port;

    public override void Use(IServiceCollection services, int port) =>
        services.AddOcspStaplingRedis($"127.0.0.1:{port}");

    public override Task StopAsync() => redis.StopAsync();

    public override Task StartAgainAsync() => redis.StartAgainAsync();

    public override void Pause() => redis.Pause();

    public override void Continue() => redis.Continue();

    public override async Task WipeAsync()
    {
        await using var connection = await ConnectAsync();
        await connection.GetServers()[0].FlushAllDatabasesAsync();
    }

    public override async Task PoisonAsync(string certificate, byte[] value)
    {
        await using var connection = await ConnectAsync();
        var key = $"ocsp-staple:{certificate}";
        var database = connection.GetDatabase();
        Assert.True(await database.KeyExistsAsync(key));
        await database.HashSetAsync(key, "data", value);
    }

    public override ValueTask DisposeAsync() => redis.DisposeAsync();

    private async Task<ConnectionMultiplexer> ConnectAsync() =>
        await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{redis.Port},allowAdmin=true");
}
