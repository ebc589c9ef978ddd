using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Presigning;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>
/// Several responders on one PostgreSQL. Their clocks stand still unless a test moves them: what happens meanwhile was
/// told, and not looked for.
/// </summary>
[Trait("Ring", "program")]
public sealed class ResponderFleetTests : IAsyncLifetime
{
    private readonly TestAuthority _authority = new();
    private readonly List<ResponderBench> _benches = [];
    private readonly X509Certificate2 _signer;
    private PostgresServer _server = null!;

    public ResponderFleetTests() => _signer = _authority.Delegate();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await PostgresServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var bench in _benches)
            await bench.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact, Trait("Rule", "R44")]
    public async Task What_one_revokes_the_others_are_told()
    {
        await RegisterAsync(3);
        await AssertToldAsync();
    }

    [Fact, Trait("Rule", "R44")]
    public async Task A_database_of_an_earlier_release_learns_to_tell()
    {
        await RegisterAsync(1);
        await ExecuteAsync(
            """
            CREATE OR REPLACE FUNCTION ocsp_note_change(the_authority text, the_serial text) RETURNS void
            LANGUAGE plpgsql AS $$
            DECLARE the_number bigint;
            BEGIN
                INSERT INTO ocsp_revisions VALUES (the_authority, 1)
                    ON CONFLICT (authority) DO UPDATE SET number = ocsp_revisions.number + 1
                    RETURNING number INTO the_number;
                INSERT INTO ocsp_changes VALUES (the_authority, the_number, the_serial);
            END $$
            """
        );
        await AssertToldAsync();
    }

    [Fact, Trait("Rule", "R41")]
    public async Task One_signs_ahead_and_all_give_what_it_has_signed()
    {
        await RegisterAsync(50);
        var benches = new[] { await StartAsync(), await StartAsync(), await StartAsync() };
        await SettleAsync(50);
        Assert.Equal(2, benches.Count(bench => StateOf(bench).IsElsewhere));
        for (var number = 0; number < 50; number++)
        {
            var answers = await Task.WhenAll(benches.Select(bench => bench.StapleAsync(Subject(number))));
            // A signature of ECDSA is never twice the same.
            Assert.Single(answers.Select(answer => Convert.ToHexString(answer.Encoded.Span)).Distinct());
        }
    }

    [Fact, Trait("Rule", "R41")]
    public async Task What_one_has_signed_because_somebody_asked_the_others_give_as_well()
    {
        await RegisterAsync(1);
        var (first, second) = (await StartAsync(), await StartAsync());
        await SettleAsync(1);
        // Issued after the list was read.
        await RegisterAsync(1, from: 1);
        var signed = await first.StapleAsync(Subject(1));
        await Poll.UntilAsync(async () => await CountAsync() == 2, "it is kept");
        Assert.Equal(signed.Encoded.ToArray(), (await second.StapleAsync(Subject(1))).Encoded.ToArray());
    }

    [Fact, Trait("Rule", "R41"), Trait("Rule", "R44")]
    public async Task Where_another_signs_ahead_a_revocation_is_in_the_table_as_soon()
    {
        await RegisterAsync(2);
        var (first, second) = (await StartAsync(), await StartAsync());
        await SettleAsync(2);
        var other = StateOf(first).IsElsewhere ? first : second;
        await other.Admin.RevokeAsync("server-0", RevocationReason.Superseded, Cancellation);
        foreach (var bench in _benches)
            await Poll.UntilAsync(
                async () => (await bench.StapleAsync(Subject(0))).Status.Kind == CertStatusKind.Revoked,
                "each says so"
            );
        await Poll.UntilAsync(
            async () => await StatusInTableAsync(Subject(0)) == CertStatusKind.Revoked,
            "so does the row"
        );
    }

    [Theory, Trait("Rule", "R41")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_signs_ahead_may_go_or_lose_its_connection(bool goes)
    {
        await RegisterAsync(5);
        await StartAsync();
        await StartAsync();
        await SettleAsync(5);
        var leader = _benches.Single(bench => !StateOf(bench).IsElsewhere);
        var other = _benches.Single(bench => StateOf(bench).IsElsewhere);
        var before = await other.StapleAsync(Subject(0));
        if (goes)
        {
            _benches.Remove(leader);
            await leader.DisposeAsync();
        }
        else
        {
            var holder = await ReadAsync<int>(Holder);
            await ExecuteAsync($"SELECT pg_terminate_backend({holder})");
            await Poll.UntilAsync(
                async () =>
                {
                    await AdvanceAsync(1);
                    return await ReadAsync<int?>(Holder) is { } now && now != holder;
                },
                "another connection has the lock"
            );
        }

        await SettleAsync(5);
        Assert.Single(_benches, bench => !StateOf(bench).IsElsewhere);
        // Nothing was signed again for that.
        Assert.Equal(before.Encoded.ToArray(), (await other.StapleAsync(Subject(0))).Encoded.ToArray());
    }

    [Fact, Trait("Rule", "R28")]
    public async Task A_database_that_goes_away_and_comes_back_is_taken_up_again()
    {
        await RegisterAsync(5);
        await StartAsync(("WhenSourceFails", "RespondFromCache"));
        await StartAsync(("WhenSourceFails", "RespondFromCache"));
        await SettleAsync(5);
        foreach (var bench in _benches)
            await bench.StapleAsync(Subject(0));
        await _server.StopAsync();
        await AdvanceAsync(10);
        foreach (var bench in _benches)
            Assert.Equal(CertStatusKind.Good, (await bench.StapleAsync(Subject(0))).Status.Kind);
        await _server.ResumeAsync();
        await SettleAsync(5);
        Assert.Single(_benches, bench => !StateOf(bench).IsElsewhere);
        await _benches[0].Admin.RevokeAsync("server-1", RevocationReason.Superseded, Cancellation);
        foreach (var bench in _benches)
            await Poll.UntilAsync(
                async () =>
                {
                    await AdvanceAsync(1);
                    return (await bench.StapleAsync(Subject(1))).Status.Kind == CertStatusKind.Revoked;
                },
                "each says so"
            );
    }

    /// <summary>What is revoked at one responder the other says as well, though its clock stands still.</summary>
    private async Task AssertToldAsync()
    {
        var (first, second) = (await StartAsync(presign: false), await StartAsync(presign: false));
        Assert.Equal(CertStatusKind.Good, (await second.StapleAsync(Subject(0))).Status.Kind);
        await first.Admin.RevokeAsync("server-0", RevocationReason.Superseded, Cancellation);
        await Poll.UntilAsync(
            async () => (await second.StapleAsync(Subject(0))).Status.Kind == CertStatusKind.Revoked,
            "the other says so, too"
        );
    }

    private async Task<ResponderBench> StartAsync(params (string Key, string Value)[] settings) =>
        await StartAsync(presign: true, settings);

    private async Task<ResponderBench> StartAsync(bool presign, params (string Key, string Value)[] settings)
    {
        var bench = new ResponderBench();
        _benches.Add(bench);
        bench.Add("test", _authority.Certificate, _signer);
        bench.Settings["Authorities:test:PostgreSql"] = _server.ConnectionString;
        if (presign)
        {
            bench.Settings["Authorities:test:Presign"] = "Listed";
            bench.Settings["AnswerDatabase"] = _server.ConnectionString;
        }

        foreach (var (key, value) in settings)
            bench.Settings[key] = value;
        await bench.StartAsync();
        return bench;
    }

    /// <summary>Until one signs ahead and all is signed.</summary>
    private Task SettleAsync(int certificates) =>
        Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(1);
                var states = _benches.Select(StateOf).ToArray();
                return states.Count(state => state.IsElsewhere) == _benches.Count - 1
                    && states.Single(state => !state.IsElsewhere) is { Fault: null } one
                    && one.Ready == certificates;
            },
            "one signs ahead"
        );

    private async Task AdvanceAsync(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            foreach (var bench in _benches)
                bench.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20, Cancellation);
        }
    }

    private async Task RegisterAsync(int certificates, int from = 0)
    {
        await using var registry = new PostgresCertificateRegistry(
            _server.ConnectionString,
            Authority.Identify(_authority.Certificate),
            TimeProvider.System
        );
        for (var number = from; number < from + certificates; number++)
            await registry.RegisterAsync(
                new RegisteredCertificate(
                    $"server-{number}",
                    $"{0x4000 + number:x4}",
                    TestAuthority.Now,
                    TestAuthority.Now.AddDays(30)
                ),
                Cancellation
            );
    }

    private OcspSubject Subject(int number) => OcspSubject.FromSerial(0x4000 + number, _authority.Certificate);

    private const string Holder = "SELECT pid FROM pg_locks WHERE locktype = 'advisory'";

    private Task<long> CountAsync() => ReadAsync<long>("SELECT count(*) FROM ocsp_answers")!;

    private async Task<CertStatusKind?> StatusInTableAsync(OcspSubject subject)
    {
        var question = Convert.ToHexString(ResponderBench.Question(subject).Encode());
        var answer = await ReadAsync<byte[]>($"SELECT answer FROM ocsp_answers WHERE question = '\\x{question}'");
        return
            answer is not null
            && OcspVerifier
                .Verify(answer, subject, new VerificationPolicy(), _benches[0].Clock.GetUtcNow())
                .TryGetStaple(out var staple, out _)
            ? staple.Status.Kind
            : null;
    }

    private async Task<T?> ReadAsync<T>(string sql)
    {
        await using var database = NpgsqlDataSource.Create(_server.ConnectionString);
#pragma warning disable CA2100 // Every statement is written in this file.
        await using var command = database.CreateCommand(sql);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync(Cancellation) is T value ? value : default;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var database = NpgsqlDataSource.Create(_server.ConnectionString);
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static PresigningState StateOf(ResponderBench bench) =>
        bench
            .Services.GetRequiredService<Presigner>()
            .StateOf(bench.Services.GetRequiredService<AuthorityDirectory>().All[0])!;
}
