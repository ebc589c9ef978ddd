using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Revocation;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

public sealed class CrlSourceTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();
    private readonly OcspSubject _revoked;
    private readonly OcspSubject _good;

    public CrlSourceTests()
    {
        _revoked = OcspSubject.FromSerial(0x1267, _bench.Authority.Certificate);
        _good = OcspSubject.FromSerial(0x1268, _bench.Authority.Certificate);
    }

    [Theory]
    [InlineData("der")]
    [InlineData("pem")]
    public async Task A_file_says_what_is_revoked_and_its_times_are_those_of_the_answers(string form)
    {
        var crl = Build(1, [0x12, 0x67]);
        await (
            form == "der"
                ? File.WriteAllBytesAsync(_bench.Folder["ca.crl"], crl, TestContext.Current.CancellationToken)
                : File.WriteAllTextAsync(
                    _bench.Folder["ca.crl"],
                    PemEncoding.WriteString("X509 CRL", crl),
                    TestContext.Current.CancellationToken
                )
        );
        await StartAsync(_bench.Folder["ca.crl"]);
        var revoked = await _bench.StapleAsync(_revoked);
        Assert.Equal(
            (CertStatusKind.Revoked, RevocationReason.KeyCompromise),
            (revoked.Status.Kind, revoked.Status.Reason)
        );
        Assert.Equal(
            (TestAuthority.Now.AddHours(-1), TestAuthority.Now.AddHours(6)),
            (revoked.ThisUpdate, revoked.NextUpdate)
        );
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(_good)).Status.Kind);
    }

    [Fact, Trait("Rule", "R26")]
    public async Task After_its_end_clients_try_later_until_there_is_a_newer_one()
    {
        await File.WriteAllBytesAsync(_bench.Folder["ca.crl"], Build(1), TestContext.Current.CancellationToken);
        await StartAsync(_bench.Folder["ca.crl"]);
        Assert.Equal(OcspResponseStatus.Successful, (await _bench.AskAsync(ResponderBench.Question(_good))).Status);
        _bench.Clock.Advance(TimeSpan.FromHours(7));
        Assert.Equal(OcspResponseStatus.TryLater, (await _bench.AskAsync(ResponderBench.Question(_good))).Status);
        await File.WriteAllBytesAsync(
            _bench.Folder["ca.crl"],
            Build(2, [0x12, 0x68]),
            TestContext.Current.CancellationToken
        );
        await Poll.UntilAsync(async () => await TickAsync(_good) == "Revoked", "the new CRL");
    }

    [Fact]
    public async Task A_list_that_somebody_else_signed_changes_nothing()
    {
        await File.WriteAllBytesAsync(_bench.Folder["ca.crl"], Build(1), TestContext.Current.CancellationToken);
        await StartAsync(_bench.Folder["ca.crl"]);
        await File.WriteAllBytesAsync(
            _bench.Folder["ca.crl"],
            Build(2, [0x12, 0x68], new TestAuthority().Certificate),
            TestContext.Current.CancellationToken
        );
        await Poll.UntilAsync(
            async () =>
            {
                Assert.Equal("Good", await TickAsync(_good));
                return Source.Fault is not null;
            },
            "the look at the new file"
        );
        Assert.Contains("not signed by 'CN=Test CA'", Source.Fault, StringComparison.Ordinal);
        // Its end is still that of the one before, and then health says so for as long as it lasts.
        _bench.Clock.Advance(TimeSpan.FromHours(7));
        await Poll.UntilAsync(async () => await TickAsync(_good) == "TryLater" && Fault is not null, "the end");
        for (var second = 0; second < 5; second++)
        {
            Assert.Equal("TryLater", await TickAsync(_good));
            Assert.Contains("there is no newer one", Fault, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Ring", "slow"), Trait("Rule", "R32")]
    public async Task A_url_is_asked_again_and_named_in_the_answers_where_wanted()
    {
        var crl = Build(1);
        await using var server = await ScriptedServer.StartAsync(
            ScriptedServer.Send(() => crl, "application/pkix-crl")
        );
        _bench.Settings["CrlReferences"] = "Include";
        _bench.Settings["Authorities:test:CrlRefreshInterval"] = "00:01:00";
        var url = new Uri(server.Url, "/ca.crl");
        await StartAsync(url.ToString());
        var entry = (await _bench.AskAsync(ResponderBench.Question(_good))).Basic!.Responses.Single();
        var extension = Assert.Single(entry.Extensions);
        Assert.Equal("1.3.6.1.5.5.7.48.1.3", extension.Oid);
        Assert.Contains(
            url.AbsoluteUri,
            System.Text.Encoding.ASCII.GetString(extension.Value.Span),
            StringComparison.Ordinal
        );

        crl = Build(2, [0x12, 0x68]);
        Assert.Equal("Good", await TickAsync(_good));
        Assert.Equal(1, server.Requests);
        await Poll.UntilAsync(async () => await TickAsync(_good) == "Revoked", "the new CRL");
    }

    [Fact, Trait("Rule", "R26")]
    public async Task A_url_that_does_not_answer_lets_the_responder_start_and_clients_try_later()
    {
        byte[]? crl = null;
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (crl is null)
                context.Response.StatusCode = 404;
            else
                await context.Response.Body.WriteAsync(crl);
        });
        await StartAsync(server.Url.ToString());
        Assert.Equal(OcspResponseStatus.TryLater, (await _bench.AskAsync(ResponderBench.Question(_good))).Status);
        crl = Build(1);
        await Poll.UntilAsync(async () => await TickAsync(_good) == "Good", "the CRL");
    }

    [Fact, Trait("Rule", "R28")]
    public async Task Serial_numbers_that_are_not_on_the_list_are_not_kept_whoever_invents_them()
    {
        await File.WriteAllBytesAsync(
            _bench.Folder["ca.crl"],
            Build(1, [0x12, 0x67]),
            TestContext.Current.CancellationToken
        );
        await StartAsync(_bench.Folder["ca.crl"]);
        await _bench.StapleAsync(_revoked);
        for (var serial = 1; serial <= 50; serial++)
        {
            using var response = await _bench.PostAsync(
                ResponderBench.Question(OcspSubject.FromSerial(serial, _bench.Authority.Certificate))
            );
            Assert.NotNull(response.Headers.CacheControl!.MaxAge);
        }

        var status = await _bench.Admin.GetStatusAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, status.CachedResponses);
    }

    [Fact, Trait("Rule", "R28")]
    public async Task What_is_not_on_the_list_is_unknown_where_wanted()
    {
        await File.WriteAllBytesAsync(
            _bench.Folder["ca.crl"],
            Build(1, [0x12, 0x67]),
            TestContext.Current.CancellationToken
        );
        _bench.Settings["Authorities:test:Unlisted"] = "Unknown";
        await StartAsync(_bench.Folder["ca.crl"]);
        Assert.Equal("Unknown", await TickAsync(_good));
        Assert.Equal("Revoked", await TickAsync(_revoked));
    }

    [Fact]
    public async Task A_list_of_the_future_is_not_answered_from()
    {
        await File.WriteAllBytesAsync(_bench.Folder["ca.crl"], Build(1), TestContext.Current.CancellationToken);
        await StartAsync(_bench.Folder["ca.crl"]);
        Assert.Equal("Good", await TickAsync(_good));
        _bench.Clock.Step(TimeSpan.FromHours(-2));
        Assert.Equal("TryLater", await TickAsync(_good));
    }

    [Fact]
    public async Task A_list_issued_again_within_the_second_without_a_number_is_taken()
    {
        await File.WriteAllBytesAsync(_bench.Folder["ca.crl"], Build(1), TestContext.Current.CancellationToken);
        await StartAsync(_bench.Folder["ca.crl"]);
        Assert.Equal("Good", await TickAsync(_good));
        await File.WriteAllBytesAsync(
            _bench.Folder["ca.crl"],
            Build(1, [0x12, 0x68]),
            TestContext.Current.CancellationToken
        );
        await Poll.UntilAsync(async () => await TickAsync(_good) == "Revoked", "the list of the same second");
    }

    [Fact]
    public async Task Whatever_a_client_throws_the_list_that_is_there_stays_good()
    {
        var crl = Build(1);
        await using var server = await ScriptedServer.StartAsync(
            ScriptedServer.Send(() => crl, "application/pkix-crl")
        );
        var broken = false;
        var source = new CrlSource(
            server.Url.ToString(),
            _bench.Authority.Certificate,
            CrlScope.Complete,
            UnlistedSerials.Good,
            TimeSpan.FromMinutes(1),
            () => broken ? throw new TimeoutException("rejected by a handler") : new HttpClient(),
            _bench.Clock
        );
        Assert.Same(SourceChanges.All, await source.FindChangesAsync(TestContext.Current.CancellationToken));
        broken = true;
        _bench.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Same(SourceChanges.None, await source.FindChangesAsync(TestContext.Current.CancellationToken));
        Assert.Equal("rejected by a handler", source.Fault);
        Assert.Equal(CertStatus.Good, (await source.FindAsync("1268", TestContext.Current.CancellationToken))?.Status);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private Authority Authority => _bench.Services.GetRequiredService<AuthorityDirectory>().All[0];

    private CrlSource Source => (CrlSource)Authority.Source;

    private string? Fault => Authority.SourceFault;

    private Task StartAsync(string location)
    {
        _bench.Add("test", _bench.Authority.Certificate, _bench.Authority.Delegate());
        _bench.Settings["Authorities:test:Crl"] = location;
        return _bench.StartAsync();
    }

    private async Task<string> TickAsync(OcspSubject subject)
    {
        _bench.Clock.Advance(TimeSpan.FromSeconds(1));
        var answer = await _bench.AskAsync(ResponderBench.Question(subject));
        return answer.Basic?.Responses.Single().Status.Kind.ToString() ?? answer.Status.ToString();
    }

    private byte[] Build(int number, byte[]? serial = null, X509Certificate2? signer = null)
    {
        var builder = new CertificateRevocationListBuilder();
        if (serial is not null)
            builder.AddEntry(serial, TestAuthority.Now.AddDays(-1), X509RevocationReason.KeyCompromise);
        var now = _bench.Clock.GetUtcNow();
        return builder.Build(
            signer ?? _bench.Authority.Certificate,
            number,
            now.AddHours(6),
            HashAlgorithmName.SHA256,
            thisUpdate: now.AddHours(-1)
        );
    }
}
