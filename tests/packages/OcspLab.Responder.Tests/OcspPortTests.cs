using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>What comes out of the OCSP port.</summary>
public sealed class OcspPortTests(ResponderFixture responder) : IClassFixture<ResponderFixture>
{
    public static TheoryData<string> Spellings { get; } =
    [
        "/{escaped}",
        "/{raw}",
        "/ocsp/{escaped}",
        "/MA/pki/{raw}",
        "//{escaped}",
        "//{raw}",
        "/{plus}",
        "http://ocsp.servicelab.com:8888/{escaped}",
        "/{equals}",
        "/{blank}",
    ];

    [Theory, Trait("Rule", "R2")]
    [MemberData(nameof(Spellings))]
    public async Task Every_spelling_of_a_get_is_understood(string spelling)
    {
        // A serial whose base64 has both of the letters that are written in several ways.
        var request = Enumerable
            .Range(0, 4096)
            .Select(serial =>
                new OcspRequest
                {
                    CertIds = [OcspSubject.FromSerial(serial * 7919, responder.Issuer).ToCertId(CertIdHash.Sha1)],
                }.Encode()
            )
            .First(bytes =>
                Convert.ToBase64String(bytes) is var text
                && text.Contains('+', StringComparison.Ordinal)
                && text.Contains('/', StringComparison.Ordinal)
                && text.EndsWith('=')
            );
        var base64 = Convert.ToBase64String(request);
        var target = spelling
            .Replace("{escaped}", Uri.EscapeDataString(base64), StringComparison.Ordinal)
            .Replace("{raw}", base64, StringComparison.Ordinal)
            .Replace("{plus}", base64.Replace("+", "%2b", StringComparison.Ordinal), StringComparison.Ordinal)
            .Replace("{blank}", base64.Replace("+", "%20", StringComparison.Ordinal), StringComparison.Ordinal)
            .Replace("{equals}", base64.Replace("=", "%3D", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.True(
            OcspResponse.TryDecode(await RawGetAsync(target), out var response, out var rejection),
            rejection?.ToString()
        );
        Assert.Equal(CertStatusKind.Unknown, response.Basic?.Responses.Single().Status.Kind);
    }

    [Fact, Trait("Rule", "R3")]
    public async Task A_post_is_answered_with_a_response_that_verifies()
    {
        var staple = Verify(await PostAsync(responder.Request()));
        Assert.Equal(CertStatusKind.Good, staple.Status.Kind);
        Assert.Equal("CN=OcspLab OCSP Responder, O=OcspLab", staple.Signer);
    }

    [Theory, Trait("Rule", "R10")]
    [InlineData(CertIdHash.Sha1)]
    [InlineData(CertIdHash.Sha256)]
    [InlineData(CertIdHash.Sha512)]
    public async Task The_answer_names_the_certificate_as_the_question_did(CertIdHash hash) =>
        Assert.Equal(hash, Verify(await PostAsync(responder.Request(hash))).CertId.Hash);

    [Fact, Trait("Rule", "R44")]
    public async Task A_revocation_is_in_the_very_next_answer_and_so_is_its_end()
    {
        await responder.Registry.RevokeAsync(
            "alice",
            RevocationReason.Superseded,
            TestContext.Current.CancellationToken
        );
        using var alice = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificateFromFile(
            responder.Pki.FilesOf("alice").Certificate
        );
        var subject = OcspSubject.FromCertificate(alice, responder.Issuer);
        var request = new OcspRequest { CertIds = [subject.ToCertId(CertIdHash.Sha1)] }.Encode();
        var revoked = Verify(await PostAsync(request), subject);
        Assert.Equal(
            (CertStatusKind.Revoked, RevocationReason.Superseded),
            (revoked.Status.Kind, revoked.Status.Reason)
        );
        await responder.Registry.RestoreAsync("alice", TestContext.Current.CancellationToken);
        var restored = Verify(await PostAsync(request), subject);
        Assert.Equal(CertStatusKind.Good, restored.Status.Kind);
        Assert.True(restored.ThisUpdate >= revoked.ThisUpdate, "thisUpdate went back");
    }

    [Fact, Trait("Rule", "R44")]
    public async Task A_revocation_by_another_process_is_in_the_answers_soon()
    {
        await responder.Registry.RegisterAsync(
            new RegisteredCertificate(
                "elsewhere",
                "2001",
                TimeProvider.System.GetUtcNow(),
                TimeProvider.System.GetUtcNow().AddDays(1)
            ),
            TestContext.Current.CancellationToken
        );
        var subject = OcspSubject.FromSerial(0x2001, responder.Issuer);
        var request = new OcspRequest { CertIds = [subject.ToCertId(CertIdHash.Sha1)] }.Encode();
        Assert.Equal(CertStatusKind.Good, Verify(await PostAsync(request), subject).Status.Kind);

        // As 'ocsplab pki revoke' does while no lab is running.
        var other = new SqliteCertificateRegistry(Path.Combine(responder.Folder, "responder.db"), TimeProvider.System);
        await other.RevokeAsync("elsewhere", RevocationReason.KeyCompromise, TestContext.Current.CancellationToken);
        await Poll.UntilAsync(
            async () => Verify(await PostAsync(request), subject).Status.Kind == CertStatusKind.Revoked,
            "the revocation"
        );
    }

    [Fact, Trait("Rule", "R25")]
    public async Task Another_authoritys_certificate_is_not_answered_for()
    {
        var stranger = new TestAuthority();
        var request = new OcspRequest
        {
            CertIds = [OcspSubject.FromCertificate(stranger.Server(), stranger.Certificate).ToCertId(CertIdHash.Sha1)],
        };
        Assert.Equal(OcspResponseStatus.Unauthorized, await StatusAsync(request.Encode()));
    }

    [Fact, Trait("Rule", "R25")]
    public async Task Our_serial_under_another_issuer_is_not_answered_for()
    {
        var stranger = new TestAuthority();
        var serial = new System.Numerics.BigInteger(responder.Echo.SerialNumberBytes.Span, isBigEndian: true);
        var request = new OcspRequest
        {
            CertIds = [OcspSubject.FromSerial(serial, stranger.Certificate).ToCertId(CertIdHash.Sha1)],
        };
        Assert.Equal(OcspResponseStatus.Unauthorized, await StatusAsync(request.Encode()));
    }

    [Fact, Trait("Rule", "R13")]
    public async Task Every_certificate_asked_about_is_answered()
    {
        var ids = new[]
        {
            responder.Subject.ToCertId(CertIdHash.Sha1),
            OcspSubject.FromSerial(4711, responder.Issuer).ToCertId(CertIdHash.Sha256),
        };
        var response = await ReadAsync(await PostAsync(new OcspRequest { CertIds = ids }.Encode()));
        Assert.Equal(ids, response.Basic!.Responses.Select(single => single.CertId!));
    }

    [Theory, Trait("Rule", "R4")]
    [InlineData("")]
    [InlineData("3000")]
    [InlineData("300430023000")]
    [InlineData("deadbeef")]
    public async Task What_is_not_a_request_is_malformed_with_http_200(string hex)
    {
        var response = await PostAsync(Convert.FromHexString(hex));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(OcspResponseStatus.MalformedRequest, (await ReadAsync(response)).Status);
        Assert.True(response.Headers.CacheControl!.NoStore);
    }

    [Fact, Trait("Rule", "R4")]
    public async Task Trailing_bytes_are_malformed() =>
        Assert.Equal(OcspResponseStatus.MalformedRequest, await StatusAsync([.. responder.Request(), 0]));

    [Fact]
    public async Task A_request_over_the_limit_gets_413()
    {
        var response = await PostAsync(new byte[8 * 1024 + 1]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(OcspResponseStatus.MalformedRequest, (await ReadAsync(response)).Status);
    }

    [Fact, Trait("Rule", "R39")]
    public async Task Caches_let_go_before_next_update()
    {
        var response = await PostAsync(responder.Request());
        var staple = Verify(response);
        Assert.True(response.Headers.CacheControl!.MaxAge < staple.NextUpdate - TimeProvider.System.GetUtcNow());
        Assert.Equal(staple.NextUpdate, response.Content.Headers.Expires);
        Assert.Equal(staple.ThisUpdate, response.Content.Headers.LastModified);
        Assert.EndsWith("GMT", response.Content.Headers.GetValues("Expires").Single(), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "R38")]
    public async Task Who_holds_the_answer_is_told_so_and_get_and_post_share_it()
    {
        var posted = await PostAsync(responder.Request());
        var url = new Uri(responder.Url, "/" + Uri.EscapeDataString(Convert.ToBase64String(responder.Request())));
        using var got = await responder.Http.GetAsync(url, TestContext.Current.CancellationToken);
        Assert.Equal(posted.Headers.ETag, got.Headers.ETag);
        var body = await got.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(body));
        Assert.Equal($"\"{hash}\"", got.Headers.ETag!.Tag);

        using var again = new HttpRequestMessage(HttpMethod.Get, url);
        again.Headers.IfNoneMatch.Add(got.Headers.ETag);
        using var held = await responder.Http.SendAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, held.StatusCode);
        Assert.Empty(await held.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.NotNull(held.Headers.CacheControl!.MaxAge);
    }

    [Fact, Trait("Rule", "R38")]
    public async Task Who_holds_the_answer_of_that_date_is_told_so()
    {
        var url = new Uri(responder.Url, "/" + Uri.EscapeDataString(Convert.ToBase64String(responder.Request())));
        using var got = await responder.Http.GetAsync(url, TestContext.Current.CancellationToken);
        using var again = new HttpRequestMessage(HttpMethod.Get, url);
        again.Headers.IfModifiedSince = got.Content.Headers.LastModified;
        using var held = await responder.Http.SendAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, held.StatusCode);
        using var later = new HttpRequestMessage(HttpMethod.Get, url);
        later.Headers.IfModifiedSince = got.Content.Headers.LastModified!.Value.AddDays(400);
        using var alsoHeld = await responder.Http.SendAsync(later, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, alsoHeld.StatusCode);
        using var earlier = new HttpRequestMessage(HttpMethod.Get, url);
        earlier.Headers.IfModifiedSince = got.Content.Headers.LastModified!.Value.AddSeconds(-1);
        using var newer = await responder.Http.SendAsync(earlier, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, newer.StatusCode);
        using var other = new HttpRequestMessage(HttpMethod.Get, url);
        other.Headers.IfModifiedSince = got.Content.Headers.LastModified;
        other.Headers.IfNoneMatch.Add(new EntityTagHeaderValue("\"another\""));
        using var sent = await responder.Http.SendAsync(other, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
    }

    [Theory, Trait("Rule", "R6")]
    [InlineData(false, OcspResponseStatus.Successful)]
    [InlineData(true, OcspResponseStatus.MalformedRequest)]
    public async Task An_unknown_extension_is_passed_over_unless_it_is_critical(
        bool critical,
        OcspResponseStatus expected
    )
    {
        // [2] Extensions at the end of TBSRequest.
        var tree = OcspLab.Testing.Forge.DerNode.Parse(
            new OcspRequest { CertIds = [responder.Subject.ToCertId(CertIdHash.Sha1)], Nonce = new byte[16] }.Encode()
        );
        var extension = tree[0, 1, 0, 0];
        extension[0].Content = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x86, 0x8d, 0x1f, 0x01];
        if (critical)
            extension.Children!.Insert(1, OcspLab.Testing.Forge.DerNode.Primitive(0x01, 0xff));
        Assert.Equal(expected, await StatusAsync(tree.Encode()));
    }

    [Fact, Trait("Rule", "R7")]
    public async Task A_requestors_name_without_a_signature_is_passed_over()
    {
        var tree = OcspLab.Testing.Forge.DerNode.Parse(responder.Request());
        // requestorName [1] EXPLICIT directoryName [4] of no attributes.
        tree[0]
            .Children!.Insert(
                0,
                OcspLab.Testing.Forge.DerNode.Parse(new byte[] { 0xa1, 0x04, 0xa4, 0x02, 0x30, 0x00 })
            );
        Assert.Equal(OcspResponseStatus.Successful, await StatusAsync(tree.Encode()));
    }

    [Fact, Trait("Rule", "R22"), Trait("Rule", "R23")]
    public async Task Times_are_whole_seconds_and_the_status_is_older_than_its_signature()
    {
        var basic = (await ReadAsync(await PostAsync(responder.Request()))).Basic!;
        Assert.Equal(0, basic.ProducedAt.Ticks % TimeSpan.TicksPerSecond);
        Assert.True(basic.Responses.Single().ThisUpdate <= basic.ProducedAt);
    }

    [Fact, Trait("Rule", "R42")]
    public async Task That_a_serial_is_unknown_is_not_to_be_cached()
    {
        var subject = OcspSubject.FromSerial(4712, responder.Issuer);
        var request = new OcspRequest { CertIds = [subject.ToCertId(CertIdHash.Sha1)] }.Encode();
        var unknown = await PostAsync(request);
        Assert.True(unknown.Headers.CacheControl!.NoStore);

        var now = TimeProvider.System.GetUtcNow();
        await responder.Registry.RegisterAsync(
            new RegisteredCertificate("late", "1268", now, now.AddDays(1)),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(CertStatusKind.Good, Verify(await PostAsync(request), subject).Status.Kind);
    }

    [Theory]
    [InlineData("PUT", null, HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", null, HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "text/plain", HttpStatusCode.UnsupportedMediaType)]
    public async Task Other_methods_and_types_are_refused(string method, string? type, HttpStatusCode expected)
    {
        using var message = new HttpRequestMessage(new HttpMethod(method), responder.Url)
        {
            Content = new ByteArrayContent(responder.Request()),
        };
        message.Content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
        using var response = await responder.Http.SendAsync(message, TestContext.Current.CancellationToken);
        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(OcspResponseStatus.MalformedRequest, (await ReadAsync(response)).Status);
    }

    [Fact, Trait("Ring", "program")]
    public async Task Openssl_finds_its_nonce_again()
    {
        var folder = responder.Pki.Directory;
        var result = await Tool.RunInAsync(
            folder,
            "openssl",
            "ocsp",
            "-issuer",
            responder.Pki.Intermediate.Certificate,
            "-cert",
            responder.Pki.FilesOf("echo").Certificate,
            "-url",
            responder.Url.ToString(),
            "-CAfile",
            "ca-chain.pem"
        );
        Assert.Contains("Response verify OK", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("nonce", result.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("/certificates")]
    [InlineData("/requests")]
    [InlineData("/health")]
    [InlineData("/listener")]
    public async Task Nothing_of_the_admin_api_is_on_the_ocsp_port(string path)
    {
        var body = await responder.Http.GetByteArrayAsync(
            new Uri(responder.Url, path),
            TestContext.Current.CancellationToken
        );
        Assert.True(OcspResponse.TryDecode(body, out var response, out _));
        Assert.Equal(OcspResponseStatus.MalformedRequest, response.Status);
    }

    // HttpClient would tidy the target up.
    private async Task<byte[]> RawGetAsync(string target)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, responder.Url.Port, TestContext.Current.CancellationToken);
        await client
            .GetStream()
            .WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"GET {target} HTTP/1.1\r\nHost: ocsp.servicelab.com:8888\r\nConnection: close\r\n\r\n"
                ),
                TestContext.Current.CancellationToken
            );
        using var all = new MemoryStream();
        await client.GetStream().CopyToAsync(all, TestContext.Current.CancellationToken);
        var bytes = all.ToArray();
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        Assert.StartsWith("HTTP/1.1 200", Encoding.ASCII.GetString(bytes, 0, end), StringComparison.Ordinal);
        return bytes[(end + 4)..];
    }

    private async Task<HttpResponseMessage> PostAsync(byte[] request)
    {
        using var content = new ByteArrayContent(request);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/ocsp-request");
        return await responder.Http.PostAsync(responder.Url, content, TestContext.Current.CancellationToken);
    }

    private async Task<OcspResponseStatus> StatusAsync(byte[] request) =>
        (await ReadAsync(await PostAsync(request))).Status;

    private static async Task<OcspResponse> ReadAsync(HttpResponseMessage message)
    {
        Assert.Equal("application/ocsp-response", message.Content.Headers.ContentType?.MediaType);
        Assert.True(
            OcspResponse.TryDecode(
                await message.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken),
                out var response,
                out var rejection
            ),
            rejection?.ToString()
        );
        return response;
    }

    private VerifiedStaple Verify(HttpResponseMessage message, OcspSubject? subject = null)
    {
        var bytes = message
            .Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)
            .GetAwaiter()
            .GetResult();
        Assert.True(
            OcspVerifier
                .Verify(bytes, subject ?? responder.Subject, new VerificationPolicy(), TimeProvider.System.GetUtcNow())
                .TryGetStaple(out var staple, out var rejection),
            rejection?.ToString()
        );
        return staple;
    }
}
