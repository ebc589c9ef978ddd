using System.Threading.Channels;
using Npgsql;

namespace OcspLab.Responder.Sources;

/// <summary>
/// Hears on a connection of its own when a transaction with something of interest was committed (LISTEN). A connection
/// that is lost is made again; what may have been told meanwhile counts as heard. Thread-safe.
/// </summary>
/// <param name="source">The database.</param>
/// <param name="channel">The channel, an identifier.</param>
/// <param name="payload">What is told when it concerns this one.</param>
internal sealed class PostgresListener(NpgsqlDataSource source, string channel, string payload) : IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _gate = new();
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private Task? _listening;

    /// <summary>Ends when something was heard since the last call. The first call begins to listen.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            _listening ??= Task.Run(() => ListenAsync(_ending.Token), CancellationToken.None);
        await _news.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends it; a source without a timer holds nothing that would have to be given back.</summary>
    public void Dispose() => _ending.Cancel();

    private async Task ListenAsync(CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await HearAsync(ending).ConfigureAwait(false);
            }
            catch (Exception exception)
                when (exception is NpgsqlException or TimeoutException or IOException or ObjectDisposedException)
            {
                // Whoever looks for changes says what is wrong with the database.
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(RetryDelay, TimeProvider.System, ending)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task HearAsync(CancellationToken ending)
    {
        await using var connection = await source.OpenConnectionAsync(ending).ConfigureAwait(false);
        connection.Notification += (_, heard) =>
        {
            if (heard.Payload == payload)
                _news.Writer.TryWrite(true);
        };
        await ExecuteAsync(connection, $"LISTEN {channel}", ending).ConfigureAwait(false);
        _news.Writer.TryWrite(true);
        while (true)
        {
            // A connection that is dead without having been closed never brings anything.
            if (!await connection.WaitAsync(Patience, ending).ConfigureAwait(false))
                await ExecuteAsync(connection, "SELECT 1", ending).ConfigureAwait(false);
        }
    }

#pragma warning disable CA2100 // The channel is a constant of the program's.
    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ending)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ending).ConfigureAwait(false);
    }
#pragma warning restore CA2100

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
}
