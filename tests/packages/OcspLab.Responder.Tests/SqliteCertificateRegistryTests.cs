using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

public sealed class SqliteCertificateRegistryTests : RegistryTests
{
    private readonly TempFolder _folder = new();

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_another_process_writes_is_noticed()
    {
        var ours = await OpenAsync();
        var theirs = await OpenAsync();
        Assert.Null((await ours.Source.FindChangesAsync(Cancellation)).SerialNumbers);
        Assert.Same(SourceChanges.None, await ours.Source.FindChangesAsync(Cancellation));
        await theirs.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await theirs.RegisterAsync(Certificate("another", "1268"), Cancellation);
        Assert.Equal(["1267", "1268"], (await ours.Source.FindChangesAsync(Cancellation)).SerialNumbers?.Order());
        Assert.Same(SourceChanges.None, await ours.Source.FindChangesAsync(Cancellation));
        await theirs.RevokeAsync("another", RevocationReason.Superseded, Cancellation);
        Assert.Equal(["1268"], (await ours.Source.FindChangesAsync(Cancellation)).SerialNumbers);
    }

    [Fact]
    public async Task A_change_by_another_process_is_not_taken_for_our_own_that_changed_nothing()
    {
        var ours = await OpenAsync();
        var theirs = await OpenAsync();
        await ours.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await ours.Source.FindChangesAsync(Cancellation);
        await theirs.RevokeAsync("server", RevocationReason.KeyCompromise, Cancellation);
        await ours.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await ours.RevokeAsync("nobody", RevocationReason.Superseded, Cancellation);
        Assert.Equal(["1267"], (await ours.Source.FindChangesAsync(Cancellation)).SerialNumbers);
    }

    [Fact]
    public async Task A_table_that_was_made_anew_is_a_change_of_everything_and_watched_again()
    {
        var ours = await OpenAsync();
        await ours.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await ours.Source.FindChangesAsync(Cancellation);
        // As schema editors do: a copy in the place of the table, without its triggers.
        Execute(
            "CREATE TABLE copy AS SELECT * FROM certificates; DROP TABLE certificates; "
                + "ALTER TABLE copy RENAME TO certificates; UPDATE certificates SET revoked_at = '2026-05-01T00:00:00Z'"
        );
        Assert.Same(SourceChanges.All, await ours.Source.FindChangesAsync(Cancellation));
        await ours.Source.FindChangesAsync(Cancellation);
        Execute("UPDATE certificates SET reason = 1");
        Assert.Equal(["1267"], (await ours.Source.FindChangesAsync(Cancellation)).SerialNumbers);
    }

    [Fact]
    public async Task Whatever_program_writes_what_it_changed_is_known_until_it_is_too_much()
    {
        var ours = await OpenAsync();
        await ours.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await ours.Source.FindChangesAsync(Cancellation);
        Execute("UPDATE certificates SET serial = '1268'");
        Assert.Equal(["1267", "1268"], (await ours.Source.FindChangesAsync(Cancellation)).SerialNumbers?.Order());
        Execute("DELETE FROM certificates");
        Assert.Equal(["1268"], (await ours.Source.FindChangesAsync(Cancellation)).SerialNumbers);
        // Some were let go of before we saw them.
        Execute(
            "INSERT INTO certificate_changes (serial) VALUES ('01'), ('02'); DELETE FROM certificate_changes WHERE "
                + "serial = '01'"
        );
        Assert.Same(SourceChanges.All, await ours.Source.FindChangesAsync(Cancellation));
        Execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001) "
                + "INSERT INTO certificate_changes (serial) SELECT i FROM n"
        );
        Assert.Same(SourceChanges.All, await ours.Source.FindChangesAsync(Cancellation));
    }

    [Theory]
    [InlineData("revoked_at = 'yesterday'")]
    [InlineData("revoked_at = '2026-05-01T00:00:00Z', reason = 77")]
    [InlineData("issued_at = x'00ff'")]
    public async Task A_row_that_cannot_be_read_is_that_certificates_alone(string change)
    {
        var ours = await OpenAsync();
        await ours.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await ours.RegisterAsync(Certificate("another", "1268"), Cancellation);
        Execute($"UPDATE certificates SET {change} WHERE serial = '1267'");
        Assert.Contains(
            "1267",
            (
                await Assert.ThrowsAsync<InvalidDataException>(async () =>
                    await ours.Source.FindAsync("1267", Cancellation)
                )
            ).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(CertStatusKind.Good, (await ours.Source.FindAsync("1268", Cancellation))?.Status.Kind);
    }

    [Fact]
    public async Task Who_waits_for_a_locked_database_waits_in_a_queue_and_keeps_nobody_from_reading()
    {
        var ours = await OpenAsync();
        await ours.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await ours.Source.FindChangesAsync(Cancellation);
        using var connection = Connect();
        using (var command = new Microsoft.Data.Sqlite.SqliteCommand("BEGIN IMMEDIATE", connection))
            command.ExecuteNonQuery();
        var revocations = Enumerable
            .Range(0, 300)
            .Select(_ => ours.RevokeAsync("server", RevocationReason.Superseded, Cancellation))
            .ToList();
        // More than may wait, and no other has come to its end.
        await Poll.UntilAsync(
            () => Task.FromResult(revocations.Any(revocation => revocation.IsFaulted)),
            "the refusal of some"
        );
        Assert.Equal(CertStatusKind.Good, (await ours.Source.FindAsync("1267", Cancellation))?.Status.Kind);
        Assert.Same(SourceChanges.None, await ours.Source.FindChangesAsync(Cancellation));
        Assert.DoesNotContain(revocations, revocation => revocation.IsCompletedSuccessfully);
        using (var command = new Microsoft.Data.Sqlite.SqliteCommand("ROLLBACK", connection))
            command.ExecuteNonQuery();
        var outcomes = await Task.WhenAll(
            revocations.Select(async revocation =>
            {
                try
                {
                    return (await revocation)?.RevokedAt is not null;
                }
                catch (IOException)
                {
                    return false;
                }
            })
        );
        Assert.Contains(true, outcomes);
        Assert.Equal(CertStatusKind.Revoked, (await ours.Source.FindAsync("1267", Cancellation))?.Status.Kind);
    }

    [Fact]
    public async Task What_this_process_writes_is_no_change_by_others()
    {
        var ours = await OpenAsync();
        await ours.Source.FindChangesAsync(Cancellation);
        await ours.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await ours.RevokeAsync("server", RevocationReason.Superseded, Cancellation);
        Assert.Same(SourceChanges.None, await ours.Source.FindChangesAsync(Cancellation));
    }

    [Fact]
    public async Task A_file_that_was_replaced_is_the_one_that_counts()
    {
        var ours = await OpenAsync();
        await ours.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await ours.Source.FindAsync("1267", Cancellation);
        using (var other = new SqliteCertificateRegistry(_folder["other.db"], Clock))
            await other.RegisterAsync(Certificate("restored", "1267"), Cancellation);
        File.Move(_folder["other.db"], _folder["test.db"], overwrite: true);
        // What is acknowledged from now on is in the file that is there, and what was said of the one before is not
        // said again.
        await ours.RevokeAsync("restored", RevocationReason.KeyCompromise, Cancellation);
        Assert.Same(SourceChanges.All, await ours.Source.FindChangesAsync(Cancellation));
        Assert.Equal(CertStatusKind.Revoked, (await ours.Source.FindAsync("1267", Cancellation))?.Status.Kind);
        using var next = new SqliteCertificateRegistry(_folder["test.db"], Clock);
        Assert.Equal(CertStatusKind.Revoked, (await next.FindAsync("1267", Cancellation))?.Status.Kind);
    }

    private Microsoft.Data.Sqlite.SqliteConnection Connect()
    {
        var connection = new Microsoft.Data.Sqlite.SqliteConnection(
            $"Data Source={_folder["test.db"]};Pooling=False;Default Timeout=10"
        );
        connection.Open();
        return connection;
    }

    private void Execute(string sql)
    {
        using var connection = Connect();
#pragma warning disable CA2100 // Every statement is written in this file.
        using var command = new Microsoft.Data.Sqlite.SqliteCommand(sql, connection);
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private protected override Task<Opened> OpenAsync()
    {
        var registry = new SqliteCertificateRegistry(_folder["test.db"], Clock);
        return Task.FromResult(new Opened(registry, registry));
    }
}
