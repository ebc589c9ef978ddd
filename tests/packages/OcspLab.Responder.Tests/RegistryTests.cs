using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>What every registry promises, whatever it keeps its certificates in.</summary>
public abstract class RegistryTests : IAsyncDisposable
{
    [Fact]
    public async Task What_is_registered_is_good_and_what_is_not_is_not_known()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        Assert.Equal(CertStatus.Good, (await registry.Source.FindAsync("1267", Cancellation))?.Status);
        Assert.Null(await registry.Source.FindAsync("1268", Cancellation));
    }

    [Fact]
    public async Task A_revocation_keeps_its_time_and_takes_a_new_reason()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        var revoked = await registry.RevokeAsync("1267", RevocationReason.KeyCompromise, Cancellation);
        Clock.Advance(TimeSpan.FromHours(1));
        var again = await registry.RevokeAsync("server", RevocationReason.Superseded, Cancellation);
        Assert.Equal(
            (revoked!.RevokedAt, RevocationReason.Superseded, TestAuthority.Now.AddHours(1)),
            (again!.RevokedAt, again.Reason, again.ChangedAt)
        );
        var status = await registry.Source.FindAsync("1267", Cancellation);
        Assert.Equal(CertStatus.Revoked(TestAuthority.Now, RevocationReason.Superseded), status?.Status);
        Assert.Equal(TestAuthority.Now.AddHours(1), status?.ChangedAt);
    }

    [Fact]
    public async Task A_revocation_may_have_its_own_time_and_an_invalidity_date()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.RevokeAsync("server", RevocationReason.Unspecified, Cancellation);
        var compromise = new Revocation(RevocationReason.KeyCompromise)
        {
            At = TestAuthority.Now.AddDays(-2),
            InvalidSince = TestAuthority.Now.AddDays(-5),
        };
        await registry.RevokeAsync("server", compromise, Cancellation);
        // A later word on the reason leaves both times.
        var last = await registry.RevokeAsync("server", RevocationReason.Superseded, Cancellation);
        Assert.Equal(
            (TestAuthority.Now.AddDays(-2), TestAuthority.Now.AddDays(-5), RevocationReason.Superseded),
            (last!.RevokedAt, last.InvalidSince, last.Reason)
        );
        Assert.Equal(
            TestAuthority.Now.AddDays(-5),
            (await registry.Source.FindAsync("1267", Cancellation))?.InvalidSince
        );
        Assert.Null((await registry.RestoreAsync("server", Cancellation))?.InvalidSince);
        await Assert.ThrowsAsync<ArgumentException>(() =>
            registry.RevokeAsync("server", compromise with { At = TestAuthority.Now.AddDays(1) }, Cancellation)
        );
        await Assert.ThrowsAsync<ArgumentException>(() =>
            registry.RevokeAsync("server", RevocationReason.RemoveFromCrl, Cancellation)
        );
    }

    [Fact]
    public async Task Many_are_imported_at_once_and_what_is_known_stays_or_is_revoked()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("known", "01"), Cancellation);
        await registry.RegisterAsync(Certificate("compromised", "02"), Cancellation);
        await registry.RegisterAsync(Certificate("revoked", "03"), Cancellation);
        await registry.RevokeAsync("03", RevocationReason.Superseded, Cancellation);
        var told = new List<string?>();
        registry.Source.Changed += told.Add;
        var compromised = Certificate("02", "02") with
        {
            RevokedAt = TestAuthority.Now.AddDays(-1),
            Reason = RevocationReason.KeyCompromise,
            InvalidSince = TestAuthority.Now.AddDays(-2),
        };
        Assert.Equal(
            new ImportResult(2, 1, 2),
            await registry.ImportAsync(
                [
                    Certificate("other", "01"),
                    compromised,
                    compromised with
                    {
                        SerialNumber = "03",
                    },
                    Certificate("new", "04"),
                    compromised with
                    {
                        Name = "newly-revoked",
                        SerialNumber = "05",
                    },
                ],
                Cancellation
            )
        );
        Assert.Equal(["02", "04", "05"], told.Order());
        Assert.Equal(
            [
                ("known", null),
                ("compromised", RevocationReason.KeyCompromise),
                ("revoked", RevocationReason.Superseded),
                ("new", null),
                ("newly-revoked", RevocationReason.KeyCompromise),
            ],
            (await registry.ListAsync(Cancellation)).Select(certificate => (certificate.Name, certificate.Reason))
        );
        var status = await registry.Source.FindAsync("02", Cancellation);
        Assert.Equal(
            (TestAuthority.Now.AddDays(-1), TestAuthority.Now.AddDays(-2)),
            (status!.Status.RevokedAt, status.InvalidSince)
        );
    }

    [Fact]
    public async Task What_has_expired_is_purged_and_nothing_else()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("old", "01") with { NotAfter = TestAuthority.Now }, Cancellation);
        await registry.RegisterAsync(Certificate("new", "02"), Cancellation);
        await registry.RevokeAsync("01", RevocationReason.KeyCompromise, Cancellation);
        Assert.Equal(0, await registry.PurgeAsync(TestAuthority.Now, Cancellation));
        Assert.Equal(1, await registry.PurgeAsync(TestAuthority.Now.AddDays(1), Cancellation));
        Assert.Equal("new", Assert.Single(await registry.ListAsync(Cancellation)).Name);
        Assert.Null(await registry.Source.FindAsync("01", Cancellation));
    }

    [Fact]
    public async Task A_revocation_is_taken_back()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.RevokeAsync("server", RevocationReason.CertificateHold, Cancellation);
        var restored = await registry.RestoreAsync("server", Cancellation);
        Assert.Equal((null, null), (restored!.RevokedAt, restored.Reason));
        Assert.Equal(CertStatus.Good, (await registry.Source.FindAsync("1267", Cancellation))?.Status);
    }

    [Fact]
    public async Task Who_registers_again_does_not_take_a_revocation_back()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.RevokeAsync("server", RevocationReason.KeyCompromise, Cancellation);
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        Assert.Equal(CertStatusKind.Revoked, (await registry.Source.FindAsync("1267", Cancellation))?.Status.Kind);
    }

    [Fact]
    public async Task A_name_means_its_newest_certificate()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.RegisterAsync(Certificate("server", "1268"), Cancellation);
        Assert.Equal(
            "1268",
            (await registry.RevokeAsync("server", RevocationReason.Unspecified, Cancellation))?.SerialNumber
        );
        Assert.Equal(CertStatusKind.Good, (await registry.Source.FindAsync("1267", Cancellation))?.Status.Kind);
        Assert.Equal(
            ["1267", "1268"],
            (await registry.ListAsync(Cancellation)).Select(certificate => certificate.SerialNumber)
        );
    }

    [Fact]
    public async Task A_serial_number_means_its_certificate_even_where_a_newer_one_has_it_for_a_name()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.RegisterAsync(Certificate("1267", "1268"), Cancellation);
        Assert.Equal(
            "1267",
            (await registry.RevokeAsync("1267", RevocationReason.Unspecified, Cancellation))?.SerialNumber
        );
    }

    [Fact]
    public async Task Nobody_is_revoked_or_restored_by_a_name_that_nobody_has()
    {
        var registry = await OpenAsync();
        Assert.Null(
            await registry.RevokeAsync("'; DROP TABLE certificates; --", RevocationReason.Unspecified, Cancellation)
        );
        Assert.Null(await registry.RestoreAsync("nobody", Cancellation));
        Assert.Empty(await registry.ListAsync(Cancellation));
    }

    [Fact]
    public async Task A_change_is_told_once_it_is_kept()
    {
        var registry = await OpenAsync();
        var told = new List<string?>();
        registry.Source.Changed += told.Add;
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.RevokeAsync("server", RevocationReason.Unspecified, Cancellation);
        await registry.RestoreAsync("server", Cancellation);
        await registry.RestoreAsync("nobody", Cancellation);
        Assert.Equal(["1267", "1267", "1267"], told);
    }

    [Fact]
    public async Task Many_at_once_are_all_kept()
    {
        var registry = await OpenAsync();
        await Task.WhenAll(
            Enumerable
                .Range(0, 50)
                .Select(number =>
                    Task.Run(
                        async () =>
                        {
                            await registry.RegisterAsync(
                                Certificate($"server-{number}", $"20{number:x2}"),
                                Cancellation
                            );
                            await registry.RevokeAsync($"server-{number}", RevocationReason.Superseded, Cancellation);
                        },
                        Cancellation
                    )
                )
        );
        Assert.Equal(
            50,
            (await registry.ListAsync(Cancellation)).Count(certificate =>
                certificate.Reason == RevocationReason.Superseded
            )
        );
    }

    public abstract ValueTask DisposeAsync();

    protected Microsoft.Extensions.Time.Testing.FakeTimeProvider Clock { get; } = new(TestAuthority.Now);

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected static RegisteredCertificate Certificate(string name, string serial) =>
        new(name, serial, TestAuthority.Now, TestAuthority.Now.AddDays(90));

    private protected abstract Task<Opened> OpenAsync();

    /// <summary>Both sides of one object.</summary>
    private protected sealed record Opened(ICertificateRegistry Registry, IStatusSource Source) : ICertificateRegistry
    {
        public Task<IReadOnlyList<RegisteredCertificate>> ListAsync(CancellationToken cancellationToken) =>
            Registry.ListAsync(cancellationToken);

        public Task RegisterAsync(RegisteredCertificate certificate, CancellationToken cancellationToken) =>
            Registry.RegisterAsync(certificate, cancellationToken);

        public Task<ImportResult> ImportAsync(
            IReadOnlyCollection<RegisteredCertificate> certificates,
            CancellationToken cancellationToken
        ) => Registry.ImportAsync(certificates, cancellationToken);

        public Task<int> PurgeAsync(DateTimeOffset expiredBefore, CancellationToken cancellationToken) =>
            Registry.PurgeAsync(expiredBefore, cancellationToken);

        public Task<RegisteredCertificate?> RevokeAsync(
            string nameOrSerial,
            Revocation revocation,
            CancellationToken cancellationToken
        ) => Registry.RevokeAsync(nameOrSerial, revocation, cancellationToken);

        public Task<RegisteredCertificate?> RestoreAsync(string nameOrSerial, CancellationToken cancellationToken) =>
            Registry.RestoreAsync(nameOrSerial, cancellationToken);
    }
}
