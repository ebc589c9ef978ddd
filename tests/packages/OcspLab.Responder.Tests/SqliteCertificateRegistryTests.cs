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
        await ours.Source.HasChangedAsync(Cancellation);
        Assert.False(await ours.Source.HasChangedAsync(Cancellation));
        await theirs.RegisterAsync(Certificate("server", "1267"), Cancellation);
        Assert.True(await ours.Source.HasChangedAsync(Cancellation));
        Assert.False(await ours.Source.HasChangedAsync(Cancellation));
    }

    [Fact]
    public async Task What_this_process_writes_is_no_change_by_others()
    {
        var ours = await OpenAsync();
        await ours.Source.HasChangedAsync(Cancellation);
        await ours.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await ours.RevokeAsync("server", RevocationReason.Superseded, Cancellation);
        Assert.False(await ours.Source.HasChangedAsync(Cancellation));
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
        Assert.True(await ours.Source.HasChangedAsync(Cancellation));
        Assert.Equal(CertStatusKind.Revoked, (await ours.Source.FindAsync("1267", Cancellation))?.Status.Kind);
        using var next = new SqliteCertificateRegistry(_folder["test.db"], Clock);
        Assert.Equal(CertStatusKind.Revoked, (await next.FindAsync("1267", Cancellation))?.Status.Kind);
    }

    private protected override Task<Opened> OpenAsync()
    {
        var registry = new SqliteCertificateRegistry(_folder["test.db"], Clock);
        return Task.FromResult(new Opened(registry, registry));
    }
}
