using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Npgsql;
using OcspLab.Stapling.Storage;

namespace OcspLab.Stapling.PostgreSql;

/// <summary>
/// PostgreSQL's NOTIFY and LISTEN: a message is the sender's mark and the certificate's SHA-256. Listening takes a
/// connection of its own.
/// </summary>
/// <param name="database">The database.</param>
internal sealed class PostgresStapleChannel(NpgsqlDataSource database) : IStapleChannel
{
    private readonly string _self = Guid.NewGuid().ToString("N");

    public async ValueTask TellAsync(string certificate, CancellationToken cancellationToken)
    {
        var command = database.CreateCommand("select pg_notify('ocsp_staples', $1)");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.AddWithValue($"{_self}:{certificate}");
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async IAsyncEnumerable<string> ListenAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = connection.ConfigureAwait(false);
        var heard = Channel.CreateUnbounded<string>();
        connection.Notification += (_, message) => heard.Writer.TryWrite(message.Payload);
        var command = new NpgsqlCommand("listen ocsp_staples", connection);
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        yield return "";
        while (true)
        {
            // Not for ever: a connection that is dead without having been closed never brings anything.
            if (!await connection.WaitAsync(Patience, cancellationToken).ConfigureAwait(false))
                await PingAsync(connection, cancellationToken).ConfigureAwait(false);
            while (heard.Reader.TryRead(out var payload))
            {
                if (payload.Split(':') is [var sender, var certificate] && sender != _self)
                    yield return certificate;
            }
        }
    }

    private static async Task PingAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("select 1", connection) { CommandTimeout = 5 };
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
}
