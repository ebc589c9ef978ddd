using Microsoft.Extensions.DependencyInjection;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Presigning;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>Answers that are there before anybody asks, and that survive.</summary>
[Collection("PostgreSQL")]
[Trait("Ring", "program")]
public sealed class PresigningTests(PostgresFixture postgres) : IAsyncDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TempFolder _folder = new();
    private readonly List<ResponderBench> _benches = [];

    [Fact, Trait("Rule", "R41")]
    public async Task What_a_source_lists_is_signed_before_anybody_asks()
    {
        var bench = await StartAsync(certificates: 20);
        await CompleteAsync(bench);
        Assert.Equal(20, (await bench.Admin.GetStatusAsync(TestContext.Current.CancellationToken)).CachedResponses);
        Assert.Equal(new PresigningState(20, 20, TestAuthority.Now.AddHours(16), null), StateOf(bench));
    }

    [Fact, Trait("Rule", "R41")]
    public async Task Each_is_renewed_when_it_is_due()
    {
        var bench = await StartAsync(certificates: 3);
        await CompleteAsync(bench);
        bench.Clock.Advance(TimeSpan.FromHours(16));
        await Poll.UntilAsync(
            () =>
            {
                bench.Clock.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(StateOf(bench).NextAt > TestAuthority.Now.AddHours(30));
            },
            "the renewal"
        );
        var staple = await bench.StapleAsync(Subject(0));
        Assert.InRange(staple.ProducedAt, TestAuthority.Now.AddHours(16), TestAuthority.Now.AddHours(17));
    }

    [Fact, Trait("Rule", "R44")]
    public async Task A_change_renews_what_it_is_about_and_leaves_the_others()
    {
        var bench = await StartAsync(certificates: 3);
        await CompleteAsync(bench);
        var other = await bench.StapleAsync(Subject(1));
        bench.Clock.Advance(TimeSpan.FromMinutes(1));
        await bench.Admin.RevokeAsync("server-0", RevocationReason.Superseded, TestContext.Current.CancellationToken);
        await Poll.UntilAsync(
            () => ReadFiles().GetValueOrDefault(Question(0)) is { } file && StatusOf(file, 0) == CertStatusKind.Revoked,
            "the file of the revoked one"
        );
        Assert.Equal(other.Encoded.ToArray(), ReadFiles()[Question(1)]);
        Assert.Equal(CertStatusKind.Revoked, (await bench.StapleAsync(Subject(0))).Status.Kind);
    }

    [Fact, Trait("Rule", "R41")]
    public async Task A_restart_gives_what_is_in_the_folder_as_far_as_it_is_true()
    {
        var first = await StartAsync(certificates: 4);
        await CompleteAsync(first);
        var kept = await first.StapleAsync(Subject(0));
        _benches.Remove(first);
        await first.DisposeAsync();
        // One was revoked meanwhile, one was taken out, one file is another's and one is nobody's.
        using (var registry = new SqliteCertificateRegistry(_folder["test.db"], first.Clock))
            await registry.RevokeAsync(
                "server-1",
                RevocationReason.KeyCompromise,
                TestContext.Current.CancellationToken
            );
        var answers = new AnswerFolder(_folder["answers"]);
        answers.Save(Convert.FromBase64String(Question(2)), kept.Encoded.Span, TestAuthority.Now);
        answers.Save(Convert.FromBase64String(Question(9)), kept.Encoded.Span, TestAuthority.Now);
        await File.WriteAllTextAsync(_folder["answers/note.txt"], "?", TestContext.Current.CancellationToken);

        var second = await StartAsync(certificates: 0);
        await CompleteAsync(second);
        Assert.Equal(kept.Encoded.ToArray(), (await second.StapleAsync(Subject(0))).Encoded.ToArray());
        Assert.Equal(CertStatusKind.Revoked, (await second.StapleAsync(Subject(1))).Status.Kind);
        Assert.Equal(Subject(2).ToCertId(CertIdHash.Sha1), (await second.StapleAsync(Subject(2))).CertId);
        Assert.Equal(
            new[] { 0, 1, 2, 3 }.Select(Question).Order(StringComparer.Ordinal),
            ReadFiles().Keys.Order(StringComparer.Ordinal)
        );
        Assert.True(File.Exists(_folder["answers/note.txt"]));
    }

    [Fact, Trait("Rule", "R41")]
    public async Task A_restart_gives_what_is_in_PostgreSQL_and_a_change_replaces_it_there()
    {
        var server = await postgres.ServerAsync();
        var database = ("AnswerDatabase", server.ConnectionString);
        var first = await StartAsync(certificates: 1200, database);
        await CompleteAsync(first);
        var kept = await first.StapleAsync(Subject(0));
        first.Clock.Advance(TimeSpan.FromMinutes(1));
        await first.Admin.RevokeAsync("server-1", RevocationReason.Superseded, TestContext.Current.CancellationToken);
        using var answers = new PostgresAnswers(server.ConnectionString);
        await Poll.UntilAsync(
            () => Find(Question(1)) is { } row && StatusOf(row, 1) == CertStatusKind.Revoked,
            "the row of the revoked one"
        );
        _benches.Remove(first);
        await first.DisposeAsync();

        var second = await StartAsync(certificates: 0, database);
        await CompleteAsync(second);
        Assert.Equal(kept.Encoded.ToArray(), (await second.StapleAsync(Subject(0))).Encoded.ToArray());
        // Its clock begins before the revocation, and that answer is of the future.
        Assert.Contains(second.Log.GetSnapshot(), line =>
            line.Message.StartsWith("1199 answers in the table ocsp_answers of", StringComparison.Ordinal)
        );

        byte[]? Find(string question) =>
            answers.ReadAll().FirstOrDefault(row => Convert.ToBase64String(row.Question) == question).Answer;
    }

    [Fact, Trait("Rule", "R41")]
    public async Task A_row_that_is_none_does_not_keep_the_others_from_being_signed_ahead()
    {
        using (var registry = new SqliteCertificateRegistry(_folder["test.db"], TimeProvider.System))
        {
            foreach (var serial in (string[])["xyz", "40F", "4000", "4001"])
                await registry.RegisterAsync(
                    new RegisteredCertificate(serial, serial, TestAuthority.Now, TestAuthority.Now.AddDays(30)),
                    TestContext.Current.CancellationToken
                );
        }

        Execute("UPDATE certificates SET revoked_at = 'yesterday' WHERE serial = '4001'");
        var bench = await StartAsync(certificates: 0);
        await CompleteAsync(bench);
        Assert.Equal([Question(0)], ReadFiles().Keys);
        // A change to what is no serial number is nothing to stumble over either.
        Execute("UPDATE certificates SET revoked_at = '2026-05-01T00:00:00Z' WHERE serial IN ('xyz', '4000')");
        await Poll.UntilAsync(
            () =>
            {
                bench.Clock.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(
                    ReadFiles().GetValueOrDefault(Question(0)) is { } file
                        && StatusOf(file, 0) == CertStatusKind.Revoked
                );
            },
            "the file of the revoked one"
        );
    }

    [Fact]
    public void What_is_due_is_queued_once_however_often_everything_changes()
    {
        var plan = new PresigningPlan();
        plan.Replace(["01", "02"]);
        for (var times = 0; times < 1000; times++)
        {
            plan.Change(null);
            plan.Change("01");
        }

        Assert.InRange(plan.Queued, 2, 3);
    }

    [Fact, Trait("Rule", "R41")]
    public async Task The_files_of_another_authority_are_left_where_they_are()
    {
        var other = new TestAuthority("CN=Other CA");
        var question = ResponderBench.Question(OcspSubject.FromSerial(1, other.Certificate)).Encode();
        new AnswerFolder(_folder["answers"]).Save(question, [0x30, 0x00], TestAuthority.Now);
        await File.WriteAllTextAsync(_folder["answers/abcd"], "?", TestContext.Current.CancellationToken);
        var bench = await StartAsync(certificates: 1);
        await CompleteAsync(bench);
        Assert.Equal(2, ReadFiles().Count);
        Assert.True(File.Exists(_folder["answers/abcd"]));
    }

    [Fact]
    public void What_a_process_left_behind_that_was_killed_while_it_wrote_is_taken_away()
    {
        Directory.CreateDirectory(_folder["answers"]);
        var now = TimeProvider.System.GetUtcNow();
        foreach (var time in (DateTimeOffset[])[now.AddHours(-2), now])
            File.WriteAllText(_folder[$"answers/.unfinished-{Guid.CreateVersion7(time)}"], "?");
        new AnswerFolder(_folder["answers"]).RemoveUnfinished();
        Assert.Single(Directory.GetFiles(_folder["answers"]));
    }

    [Fact]
    public async Task Whoever_reads_the_folder_does_not_disturb_who_writes_to_it()
    {
        var question = Convert.FromBase64String(Question(0));
        var answers = new AnswerFolder(_folder["answers"]);
        var writing = Task.Run(
            () =>
            {
                for (var times = 0; times < 500; times++)
                {
                    answers.Save(question, [0x30, 0x00], TestAuthority.Now);
                    answers.Remove(question);
                }
            },
            TestContext.Current.CancellationToken
        );
        while (!writing.IsCompleted)
        {
            var reader = new AnswerFolder(_folder["answers"]);
            reader.RemoveUnfinished();
            Assert.InRange(reader.ReadAll().Count(), 0, 1);
        }

        await writing;
    }

    [Fact, Trait("Rule", "R41")]
    public async Task A_hash_that_is_asked_for_from_now_on_is_signed_at_the_start()
    {
        var first = await StartAsync(certificates: 1);
        await CompleteAsync(first);
        _benches.Remove(first);
        await first.DisposeAsync();
        var second = await StartAsync(certificates: 0, ("PresignedHashes:0", "Sha1"), ("PresignedHashes:1", "Sha256"));
        await CompleteAsync(second);
        Assert.Equal(2, ReadFiles().Count);
    }

    [Fact, Trait("Rule", "R41")]
    public async Task A_question_with_two_slashes_in_a_row_is_found_again()
    {
        // Its octets are ones only, and base64 of ones is slashes.
        var first = await StartAsync(certificates: 1);
        await CompleteAsync(first);
        Execute("UPDATE certificates SET serial = '7fffffffffffff' WHERE name = 'server-0'");
        _benches.Remove(first);
        await first.DisposeAsync();
        var second = await StartAsync(certificates: 0);
        await CompleteAsync(second);
        Assert.Contains(ReadFiles().Keys, question => question.Contains("//", StringComparison.Ordinal));
    }

    private void Execute(string sql)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection(
            $"Data Source={_folder["test.db"]};Pooling=False"
        );
        connection.Open();
#pragma warning disable CA2100 // Every statement is written in this file.
        using var command = new Microsoft.Data.Sqlite.SqliteCommand(sql, connection);
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var bench in _benches)
            await bench.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<ResponderBench> StartAsync(int certificates, params (string Key, string Value)[] settings)
    {
        var bench = new ResponderBench();
        _benches.Add(bench);
        bench.Add("test", _authority.Certificate, _authority.Delegate());
        bench.Settings["Authorities:test:Database"] = _folder["test.db"];
        bench.Settings["Authorities:test:Presign"] = "Listed";
        if (!settings.Any(setting => setting.Key == "AnswerDatabase"))
            bench.Settings["AnswerFolder"] = _folder["answers"];
        foreach (var (key, value) in settings)
            bench.Settings[key] = value;
        using (var registry = new SqliteCertificateRegistry(_folder["test.db"], bench.Clock))
        {
            for (var number = 0; number < certificates; number++)
                await registry.RegisterAsync(
                    new RegisteredCertificate(
                        $"server-{number}",
                        $"{0x4000 + number:x4}",
                        TestAuthority.Now,
                        TestAuthority.Now.AddDays(30)
                    ),
                    TestContext.Current.CancellationToken
                );
            if (certificates > 0)
                await registry.RegisterAsync(
                    new RegisteredCertificate("old", "50", TestAuthority.Now, TestAuthority.Now.AddDays(-1)),
                    TestContext.Current.CancellationToken
                );
        }

        await bench.StartAsync();
        return bench;
    }

    private OcspSubject Subject(int number) => OcspSubject.FromSerial(0x4000 + number, _authority.Certificate);

    private string Question(int number) => Convert.ToBase64String(ResponderBench.Question(Subject(number)).Encode());

    private Dictionary<string, byte[]> ReadFiles() =>
        new AnswerFolder(_folder["answers"])
            .ReadAll()
            .Where(file => OcspRequest.TryDecode(file.Question, out _, out _))
            .ToDictionary(file => Convert.ToBase64String(file.Question), file => file.Answer);

    private CertStatusKind? StatusOf(byte[] answer, int number) =>
        OcspVerifier
            .Verify(answer, Subject(number), new VerificationPolicy(), TestAuthority.Now.AddMinutes(1))
            .TryGetStaple(out var staple, out _)
            ? staple.Status.Kind
            : null;

    private static PresigningState StateOf(ResponderBench bench) =>
        bench
            .Services.GetRequiredService<Presigner>()
            .StateOf(bench.Services.GetRequiredService<AuthorityDirectory>().All[0])!;

    private static Task CompleteAsync(ResponderBench bench) =>
        bench
            .Services.GetRequiredService<Presigner>()
            .FirstPassAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
}
