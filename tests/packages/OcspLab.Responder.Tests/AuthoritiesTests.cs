using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>Several authorities in one responder, over real sockets.</summary>
public sealed class AuthoritiesTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();
    private readonly TestAuthority _other = new("CN=Other CA");

    [Fact, Trait("Rule", "R25"), Trait("Rule", "R18")]
    public async Task The_same_serial_number_of_two_authorities_is_two_certificates()
    {
        await StartAsync();
        using var first = new ResponderAdminClient(
            _bench.AdminUrl,
            AdminToken.LoadOrCreate(_bench.Folder["admin-token"]),
            "first"
        );
        using var second = new ResponderAdminClient(
            _bench.AdminUrl,
            AdminToken.LoadOrCreate(_bench.Folder["admin-token"]),
            "second"
        );
        foreach (var registry in new[] { first, second })
            await registry.RegisterAsync(Certificate, TestContext.Current.CancellationToken);
        var ours = OcspSubject.FromSerial(0x1267, _bench.Authority.Certificate);
        var theirs = OcspSubject.FromSerial(0x1267, _other.Certificate);
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(ours)).Status.Kind);
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(theirs)).Status.Kind);
        await second.RevokeAsync("1267", RevocationReason.KeyCompromise, TestContext.Current.CancellationToken);
        // Each answer is verified with its own issuer: by that one's delegate.
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(ours)).Status.Kind);
        Assert.Equal(CertStatusKind.Revoked, (await _bench.StapleAsync(theirs)).Status.Kind);
    }

    [Fact, Trait("Rule", "R28")]
    public async Task What_an_authority_sets_for_itself_counts_for_it_and_for_no_other()
    {
        _bench.Settings["Authorities:second:Validity"] = "02:00:00";
        _bench.Settings["Authorities:second:NeverIssued"] = "Unauthorized";
        await StartAsync();
        using var second = new ResponderAdminClient(
            _bench.AdminUrl,
            AdminToken.LoadOrCreate(_bench.Folder["admin-token"]),
            "second"
        );
        await second.RegisterAsync(Certificate, TestContext.Current.CancellationToken);
        var theirs = await _bench.StapleAsync(OcspSubject.FromSerial(0x1267, _other.Certificate));
        Assert.Equal(TestAuthority.Now.AddHours(2), theirs.NextUpdate);
        Assert.Equal(
            OcspResponseStatus.Unauthorized,
            (await _bench.AskAsync(ResponderBench.Question(OcspSubject.FromSerial(1, _other.Certificate)))).Status
        );
        var ours = await _bench.StapleAsync(OcspSubject.FromSerial(1, _bench.Authority.Certificate));
        Assert.Equal((CertStatusKind.Unknown, TestAuthority.Now.AddDays(1)), (ours.Status.Kind, ours.NextUpdate));
    }

    [Fact, Trait("Rule", "R25")]
    public async Task One_answer_does_not_speak_for_two_authorities()
    {
        await StartAsync();
        var both = new OcspRequest
        {
            CertIds =
            [
                OcspSubject.FromSerial(1, _bench.Authority.Certificate).ToCertId(CertIdHash.Sha1),
                OcspSubject.FromSerial(1, _other.Certificate).ToCertId(CertIdHash.Sha1),
            ],
        };
        Assert.Equal(OcspResponseStatus.Unauthorized, (await _bench.AskAsync(both)).Status);
    }

    [Fact, Trait("Rule", "R10")]
    public async Task An_authority_with_our_name_and_another_key_is_not_ours()
    {
        await StartAsync();
        var impostor = new TestAuthority();
        Assert.Equal(
            OcspResponseStatus.Unauthorized,
            (await _bench.AskAsync(ResponderBench.Question(OcspSubject.FromSerial(1, impostor.Certificate)))).Status
        );
    }

    [Fact, Trait("Rule", "R13"), Trait("Rule", "R14")]
    public async Task Each_certificate_asked_about_has_its_entry_in_order()
    {
        await StartAsync();
        var ids = Enumerable
            .Range(1, 20)
            .Select(serial =>
                OcspSubject
                    .FromSerial(serial, _other.Certificate)
                    .ToCertId(serial % 2 == 0 ? CertIdHash.Sha1 : CertIdHash.Sha384)
            )
            .ToArray();
        using var response = await _bench.PostAsync(new OcspRequest { CertIds = ids });
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.Equal(
            ids,
            (await _bench.AskAsync(new OcspRequest { CertIds = ids })).Basic!.Responses.Select(single => single.CertId!)
        );
    }

    [Fact]
    public async Task A_change_says_whose_certificate_where_there_are_several()
    {
        await StartAsync();
        var fault = await Assert.ThrowsAsync<HttpRequestException>(() =>
            _bench.Admin.RegisterAsync(Certificate, TestContext.Current.CancellationToken)
        );
        Assert.Equal("Name the authority: one of first, second.", fault.Message);
        using var nobody = new ResponderAdminClient(
            _bench.AdminUrl,
            AdminToken.LoadOrCreate(_bench.Folder["admin-token"]),
            "third"
        );
        fault = await Assert.ThrowsAsync<HttpRequestException>(() =>
            nobody.RegisterAsync(Certificate, TestContext.Current.CancellationToken)
        );
        Assert.Equal(
            "'third' is not an authority whose statuses can be changed here; one of first, second.",
            fault.Message
        );
    }

    [Fact]
    public async Task Two_authorities_do_not_share_a_database()
    {
        _bench.Settings["Authorities:second:Database"] = _bench.Folder["first.db"];
        var fault = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(StartAsync);
        Assert.Contains("first.db is the database of several", fault.Message, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private async Task StartAsync()
    {
        _bench.Add("first", _bench.Authority.Certificate, _bench.Authority.Delegate());
        _bench.Add("second", _other.Certificate, _other.Delegate());
        foreach (var name in (string[])["first", "second"])
            _bench.Settings.TryAdd($"Authorities:{name}:Database", _bench.Folder[$"{name}.db"]);
        await _bench.StartAsync();
    }

    private static RegisteredCertificate Certificate { get; } =
        new("server", "1267", TestAuthority.Now, TestAuthority.Now.AddDays(30));
}
