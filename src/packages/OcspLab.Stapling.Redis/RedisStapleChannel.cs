using System.Runtime.CompilerServices;
using System.Threading.Channels;
using OcspLab.Stapling.Storage;
using StackExchange.Redis;

namespace OcspLab.Stapling.Redis;

/// <summary>
/// Redis' publish and subscribe: a message is the sender's mark and the certificate's SHA-256. A subscription outlives
/// the connection; what is told while there is none is lost.
/// </summary>
/// <param name="connection">The connection.</param>
/// <param name="name">The channel's name.</param>
internal sealed class RedisStapleChannel(RedisConnection connection, string name) : IStapleChannel
{
    private readonly RedisChannel _channel = RedisChannel.Literal(name);
    private readonly string _self = Guid.NewGuid().ToString("N");

    public async ValueTask TellAsync(string certificate, CancellationToken cancellationToken)
    {
        var redis = await connection.GetAsync().ConfigureAwait(false);
        await redis.GetSubscriber().PublishAsync(_channel, $"{_self}:{certificate}").ConfigureAwait(false);
    }

    public async IAsyncEnumerable<string> ListenAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var redis = await connection.GetAsync().ConfigureAwait(false);
        var heard = Channel.CreateUnbounded<string>();
        var messages = await redis.GetSubscriber().SubscribeAsync(_channel).ConfigureAwait(false);
        messages.OnMessage(message => heard.Writer.TryWrite(message.Message.ToString()));
        redis.ConnectionRestored += Restored;
        try
        {
            yield return "";
            await foreach (var text in heard.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if (text.Length == 0)
                    yield return "";
                else if (text.Split(':') is [var sender, var certificate] && sender != _self)
                    yield return certificate;
            }
        }
        finally
        {
            redis.ConnectionRestored -= Restored;
            await messages.UnsubscribeAsync(CommandFlags.FireAndForget).ConfigureAwait(false);
        }

        // The subscription is made again by itself, and nobody says what it has missed.
        void Restored(object? sender, ConnectionFailedEventArgs restored)
        {
            if (restored.ConnectionType == ConnectionType.Subscription)
                heard.Writer.TryWrite("");
        }
    }
}
