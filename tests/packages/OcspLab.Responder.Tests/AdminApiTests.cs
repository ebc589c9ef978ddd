using System.Net;
using System.Net.Http.Headers;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Sources;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Responder.Tests;

public sealed class AdminApiTests(LabFolder lab) : IAsyncLifetime
{
    private readonly ResponderFixture _responder = new(lab);

    public ValueTask InitializeAsync() => _responder.InitializeAsync();

    public ValueTask DisposeAsync() => _responder.DisposeAsync();

    [Fact]
    public async Task What_is_registered_can_be_revoked_restored_listed_and_counted()
    {
        using var client = Client();
        var cancellation = TestContext.Current.CancellationToken;
        await client.RegisterAsync(
            new RegisteredCertificate("bob", "4711", default, TimeProvider.System.GetUtcNow()),
            cancellation
        );
        Assert.Equal(
            RevocationReason.KeyCompromise,
            (await client.RevokeAsync("bob", RevocationReason.KeyCompromise, cancellation))?.Reason
        );
        Assert.Null((await client.RestoreAsync("4711", cancellation))?.RevokedAt);
        Assert.Contains("bob", (await client.ListAsync(cancellation)).Select(certificate => certificate.Name));
        Assert.Null(await client.RevokeAsync("nobody", RevocationReason.Unspecified, cancellation));

        await _responder.Http.PostAsync(_responder.Url, new ByteArrayContent(_responder.Request()), cancellation);
        Assert.Equal(
            new RequestCount("POST", ResponseOutcome.Good, 1),
            Assert.Single(await client.CountAsync(cancellation))
        );
    }

    [Fact, Trait("Rule", "R44")]
    public async Task A_revocation_of_its_own_time_is_answered_with_its_invalidity_date()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var client = Client();
        await client.RegisterAsync(
            new RegisteredCertificate("carol", "4712", default, TimeProvider.System.GetUtcNow().AddDays(1)),
            cancellation
        );
        var at = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()).AddDays(-1);
        var compromise = new Revocation(RevocationReason.KeyCompromise) { At = at, InvalidSince = at.AddDays(-3) };
        await client.RevokeAsync("carol", compromise, cancellation);
        using var content = new ByteArrayContent(
            new OcspRequest
            {
                CertIds = [OcspSubject.FromSerial(0x4712, _responder.Issuer).ToCertId(CertIdHash.Sha1)],
            }.Encode()
        );
        using var answer = await _responder.Http.PostAsync(_responder.Url, content, cancellation);
        Assert.True(
            OcspResponse.TryDecode(await answer.Content.ReadAsByteArrayAsync(cancellation), out var response, out _)
        );
        var entry = response.Basic!.Responses.Single();
        Assert.Equal(at, entry.Status.RevokedAt);
        var date = Assert.Single(entry.Extensions, extension => extension.Oid == "2.5.29.24");
        Assert.Equal(
            at.AddDays(-3),
            new System.Formats.Asn1.AsnReader(
                date.Value,
                System.Formats.Asn1.AsnEncodingRules.DER
            ).ReadGeneralizedTime()
        );
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() =>
            client.RevokeAsync("carol", compromise with { At = at.AddDays(9) }, cancellation)
        );
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"name":"bob","serialNumber":"xyz","notAfter":"2030-01-01T00:00:00Z"}""")]
    [InlineData(
        """{"name":"bob","serialNumber":"00a1a2a3a4a5a6a7a8a9a0a1a2a3a4a5a6a7a8a9a0","notAfter":"2030-01-01"}"""
    )]
    [InlineData("not json")]
    public async Task Bad_input_is_a_problem_and_changes_nothing(string body)
    {
        using var content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_responder.AdminUrl, "certificates"))
        {
            Content = content,
        };
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            AdminToken.LoadOrCreate(_responder.TokenFile).Value
        );
        var response = await _responder.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(3, (await _responder.Registry.ListAsync(TestContext.Current.CancellationToken)).Count);
    }

    [Fact]
    public async Task The_ocsp_port_closes_and_opens_while_the_admin_api_stays()
    {
        using var client = Client();
        var url = _responder.Url;
        Assert.Equal(PortState.Stopped, (await client.StopAsync(TestContext.Current.CancellationToken)).State);
        await Assert.ThrowsAsync<HttpRequestException>(() =>
            _responder.Http.GetAsync(url, TestContext.Current.CancellationToken)
        );
        Assert.Equal(PortState.Started, (await client.StartAsync(TestContext.Current.CancellationToken)).State);
        Assert.Equal(
            HttpStatusCode.OK,
            (await _responder.Http.GetAsync(_responder.Url, TestContext.Current.CancellationToken)).StatusCode
        );
    }

    [Fact]
    public async Task A_revocation_survives_a_new_process()
    {
        await _responder.Registry.RevokeAsync(
            "echo",
            RevocationReason.KeyCompromise,
            TestContext.Current.CancellationToken
        );
        var other = new SqliteCertificateRegistry(Path.Combine(_responder.Folder, "responder.db"), TimeProvider.System);
        Assert.Equal(
            CertStatusKind.Revoked,
            (
                await other.FindAsync(
                    _responder.Echo.SerialNumber.ToLowerInvariant(),
                    TestContext.Current.CancellationToken
                )
            )
                ?.Status
                .Kind
        );
    }

    [Theory]
    [InlineData("00FF12", "00ff12")]
    [InlineData("FF12", "00ff12")]
    [InlineData("0012", "12")]
    [InlineData("123", "0123")]
    public async Task A_serial_number_is_understood_however_it_is_written(string written, string meant)
    {
        using var client = Client();
        await client.RegisterAsync(
            new RegisteredCertificate(
                $"written-{written}",
                written,
                DateTimeOffset.UnixEpoch,
                DateTimeOffset.UnixEpoch.AddYears(90)
            ),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(
            meant,
            (
                await client.RevokeAsync(written, RevocationReason.Superseded, TestContext.Current.CancellationToken)
            )?.SerialNumber
        );
        Assert.Equal(
            meant,
            (await client.RestoreAsync($"written-{written}", TestContext.Current.CancellationToken))?.SerialNumber
        );
    }

    [Theory]
    [InlineData("removeFromCrl")]
    [InlineData("8")]
    public async Task What_is_no_reason_to_revoke_revokes_nothing(string reason)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post,
            new Uri(_responder.AdminUrl, $"certificates/echo/revoke?reason={reason}")
        );
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            AdminToken.LoadOrCreate(_responder.TokenFile).Value
        );
        using var response = await _responder.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.DoesNotContain(await _responder.Registry.ListAsync(TestContext.Current.CancellationToken), certificate =>
            certificate.RevokedAt is not null
        );
    }

    private ResponderAdminClient Client() => new(_responder.AdminUrl, AdminToken.LoadOrCreate(_responder.TokenFile));
}
