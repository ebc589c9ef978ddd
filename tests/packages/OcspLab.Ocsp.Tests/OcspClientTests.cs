using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing;

namespace OcspLab.Ocsp.Tests;

public sealed class OcspClientTests
{
    private static readonly TestAuthority Authority = new();
    private static readonly X509Certificate2 Server = Authority.Server();
    private static readonly OcspSubject Subject = OcspSubject.FromCertificate(Server, Authority.Certificate);

    [Fact, Trait("Rule", "V24"), Trait("Rule", "R1")]
    public async Task A_short_request_goes_as_get_and_the_answer_is_verified()
    {
        string? method = null;
        await using var server = await ScriptedServer.StartAsync();
        server.Script = async context =>
        {
            method = context.Request.Method;
            context.Response.Headers.CacheControl = "max-age=60";
            await ScriptedServer.Send(() => Authority.Respond(Server))(context);
        };
        var fetch = await FetchAsync([server.Url]);
        Assert.NotNull(fetch.Staple);
        Assert.Equal("GET", method);
        Assert.Equal(TimeSpan.FromMinutes(1), fetch.MaxAge);
    }

    [Theory, Trait("Rule", "V24"), Trait("Rule", "S17")]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(414)]
    [InlineData(501)]
    public async Task A_get_that_is_not_understood_falls_back_to_post(int status)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Script = context =>
        {
            if (context.Request.Method == "POST")
                return ScriptedServer.Send(() => Authority.Respond(Server))(context);
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };
        Assert.NotNull((await FetchAsync([server.Url], options => options.Retries = 0)).Staple);
    }

    [Fact, Trait("Rule", "V24")]
    public async Task A_request_that_makes_the_url_longer_than_255_bytes_goes_as_post()
    {
        var (methods, server) = await RecordingServerAsync();
        await using var _ = server;
        Assert.NotNull((await FetchAsync([new Uri(server.Url, new string('x', 150))])).Staple);
        Assert.Equal(["POST"], methods);
    }

    [Theory, Trait("Rule", "V24b")]
    [InlineData(null, CertIdHash.Sha1)]
    [InlineData(CertIdHash.Sha256, CertIdHash.Sha256)]
    public async Task The_certificate_is_named_by_sha1_unless_set_otherwise(CertIdHash? setting, CertIdHash expected)
    {
        var request = await AskedAsync(options => options.CertIdHash = setting ?? options.CertIdHash);
        Assert.Equal(expected, request.CertIds.Single().Hash);
        Assert.Equal(Subject.ToCertId(expected), request.CertIds.Single());
    }

    [Fact, Trait("Rule", "V23"), Trait("Rule", "S18")]
    public async Task No_nonce_is_sent_unless_wanted_and_then_32_octets_that_are_new_each_time()
    {
        Assert.Null((await AskedAsync()).Nonce);
        var first = (await AskedAsync(options => options.Nonce = RequestNonce.Send)).Nonce!.Value;
        var second = (await AskedAsync(options => options.Nonce = RequestNonce.Send)).Nonce!.Value;
        Assert.Equal((32, 32), (first.Length, second.Length));
        Assert.False(first.Span.SequenceEqual(second.Span));
    }

    [Theory, Trait("Rule", "V26")]
    [InlineData("public, max-age=600", null, 600)]
    [InlineData("max-age=600", "Mon, 01 Jun 2026 13:00:00 GMT", 600)]
    [InlineData(null, "Mon, 01 Jun 2026 13:00:00 GMT", 3600)]
    [InlineData("no-store", "Mon, 01 Jun 2026 13:00:00 GMT", null)]
    [InlineData(null, null, null)]
    public async Task Headers_of_http_are_hints_for_the_next_fetch(string? cacheControl, string? expires, int? seconds)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Script = context =>
        {
            context.Response.Headers.CacheControl = cacheControl;
            context.Response.Headers.Expires = expires;
            context.Response.Headers.Date = "Mon, 01 Jun 2026 12:00:00 GMT";
            return ScriptedServer.Send(() => Authority.Respond(Server))(context);
        };
        var fetch = await FetchAsync([server.Url]);
        Assert.NotNull(fetch.Staple);
        Assert.Equal(seconds, (int?)fetch.MaxAge?.TotalSeconds);
    }

    [Fact, Trait("Rule", "V26")]
    public async Task Headers_of_http_make_no_response_believed()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Script = context =>
        {
            context.Response.Headers.CacheControl = "public, max-age=86400";
            return ScriptedServer.Send(() =>
                Authority.Respond(
                    Server,
                    thisUpdate: TestAuthority.Now.AddDays(-9),
                    nextUpdate: TestAuthority.Now.AddDays(-8)
                )
            )(context);
        };
        var fetch = await FetchAsync([server.Url]);
        Assert.Null(fetch.Staple);
        Assert.Equal(RejectionReason.Expired, fetch.Attempts.Single().Rejection?.Reason);
    }

    [Fact]
    public async Task The_outcome_says_what_http_and_ocsp_said()
    {
        await using var busy = await ScriptedServer.StartAsync(
            ScriptedServer.Send(() => OcspResponseBuilder.BuildError(OcspResponseStatus.TryLater))
        );
        await using var page = await ScriptedServer.StartAsync(
            ScriptedServer.Send(() => "<html>"u8.ToArray(), "text/html")
        );
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Send(() => Authority.Respond(Server)));
        var fetch = await FetchAsync([busy.Url, page.Url, server.Url]);
        Assert.Equal(
            [OcspResponseStatus.TryLater, null, OcspResponseStatus.Successful],
            fetch.Attempts.Select(attempt => attempt.OcspStatus)
        );
        Assert.Equal([200, 200, 200], fetch.Attempts.Select(attempt => attempt.HttpStatus));
        Assert.Equal([busy.Url, page.Url, server.Url], fetch.Attempts.Select(attempt => attempt.Url));
        Assert.All(fetch.Attempts, attempt => Assert.InRange(attempt.Duration, TimeSpan.Zero, fetch.Duration));
    }

    [Fact, Trait("Rule", "S19")]
    public async Task The_url_that_worked_is_asked_first_the_next_time_and_left_when_it_fails()
    {
        await using var first = await ScriptedServer.StartAsync(ScriptedServer.Send(() => "<html>"u8.ToArray()));
        await using var second = await ScriptedServer.StartAsync(ScriptedServer.Send(() => Authority.Respond(Server)));
        await using var services = new ServiceCollection().AddOcspClientWith(null);
        var client = services.GetRequiredService<IOcspClient>();
        Task<OcspFetch> Fetch() =>
            client.FetchAsync(
                Subject,
                [first.Url, second.Url],
                new VerificationPolicy(),
                TestContext.Current.CancellationToken
            );

        Assert.Equal([first.Url, second.Url], (await Fetch()).Attempts.Select(attempt => attempt.Url));
        Assert.Equal([second.Url], (await Fetch()).Attempts.Select(attempt => attempt.Url));
        (first.Script, second.Script) = (second.Script, first.Script);
        Assert.Equal([second.Url, first.Url], (await Fetch()).Attempts.Select(attempt => attempt.Url));
        Assert.Equal([first.Url], (await Fetch()).Attempts.Select(attempt => attempt.Url));
    }

    [Fact, Trait("Rule", "S22")]
    public async Task A_proxy_is_asked_where_one_is_set()
    {
        string? asked = null;
        await using var proxy = await ScriptedServer.StartAsync();
        proxy.Script = context =>
        {
            asked = context.Request.Host.Host;
            return ScriptedServer.Send(() => Authority.Respond(Server))(context);
        };
        Assert.NotNull(
            (await FetchAsync([new Uri("http://ocsp.example.test/")], options => options.Proxy = proxy.Url)).Staple
        );
        Assert.Equal("ocsp.example.test", asked);
    }

    [Fact]
    public async Task Named_clients_have_options_of_their_own()
    {
        await using var proxy = await ScriptedServer.StartAsync(ScriptedServer.Send(() => Authority.Respond(Server)));
        var registrations = new ServiceCollection();
        registrations.AddOcspClient("inside").Configure(options => options.Proxy = proxy.Url);
        await using var services = registrations.AddOcspClientWith(options => options.Retries = 0);
        var url = new Uri("http://ocsp.example.test/");
        Assert.NotNull(
            (
                await services
                    .GetRequiredKeyedService<IOcspClient>("inside")
                    .FetchAsync(Subject, [url], new VerificationPolicy(), TestContext.Current.CancellationToken)
            ).Staple
        );
        Assert.Null(
            (
                await services
                    .GetRequiredService<IOcspClient>()
                    .FetchAsync(Subject, [url], new VerificationPolicy(), TestContext.Current.CancellationToken)
            ).Staple
        );
    }

    [Fact, Trait("Rule", "S19")]
    public async Task The_next_url_is_asked_when_the_first_is_dead()
    {
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Send(() => Authority.Respond(Server)));
        var fetch = await FetchAsync([new Uri($"http://127.0.0.1:{FreePort.Find()}"), server.Url]);
        Assert.NotNull(fetch.Staple);
        Assert.Equal([FetchFailure.ConnectionFailed, null], fetch.Attempts.Select(attempt => attempt.Failure));
    }

    [Fact, Trait("Rule", "S19")]
    public async Task The_next_url_is_asked_when_the_first_lies()
    {
        await using var liar = await ScriptedServer.StartAsync(
            ScriptedServer.Send(() => Authority.Respond(Authority.Server()))
        );
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Send(() => Authority.Respond(Server)));
        var fetch = await FetchAsync([liar.Url, server.Url]);
        Assert.NotNull(fetch.Staple);
        Assert.Equal(RejectionReason.CertIdMismatch, fetch.Attempts[0].Rejection?.Reason);
    }

    [Fact, Trait("Rule", "S19")]
    public async Task The_next_url_is_asked_when_the_first_hangs()
    {
        await using var hanging = await ScriptedServer.StartAsync(context =>
            Task.Delay(Timeout.Infinite, context.RequestAborted)
        );
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Send(() => Authority.Respond(Server)));
        var fetch = await FetchAsync([hanging.Url, server.Url], options => options.Timeout = TimeSpan.FromSeconds(4));
        Assert.NotNull(fetch.Staple);
        Assert.Equal(FetchFailure.TimedOut, fetch.Attempts[0].Failure);
    }

    [Fact, Trait("Rule", "S9")]
    public async Task An_html_page_is_named_for_what_it_is()
    {
        await using var server = await ScriptedServer.StartAsync(
            ScriptedServer.Send(() => "<html>"u8.ToArray(), "text/html")
        );
        var fetch = await FetchAsync([server.Url]);
        Assert.Null(fetch.Staple);
        Assert.Contains("text/html", fetch.Describe(), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "V29")]
    public async Task A_response_that_is_too_large_is_not_read_to_its_end()
    {
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Send(() => new byte[100_000]));
        var fetch = await FetchAsync([server.Url]);
        Assert.Equal(FetchFailure.TooLarge, fetch.Attempts.Single().Failure);
    }

    [Fact, Trait("Rule", "S21")]
    public async Task A_name_that_the_resolver_does_not_know_is_reported_as_such()
    {
        using var nobody = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var fetch = await FetchAsync([new Uri("http://ocsp.example.test")], options =>
        {
            options.Retries = 0;
            options.ResolverTimeout = TimeSpan.FromMilliseconds(200);
            options.Resolvers.Add(nobody.Client.LocalEndPoint!.ToString()!);
        });
        Assert.Equal(FetchFailure.NameNotResolved, fetch.Attempts.Single().Failure);
    }

    [Fact]
    public void A_setting_out_of_bounds_is_refused_with_its_name()
    {
        using var services = new ServiceCollection().AddOcspClientWith(options => options.MaximumResponseSize = 1);
        var exception = Assert.Throws<OptionsValidationException>(() =>
            services.GetRequiredService<IOptions<OcspClientOptions>>().Value
        );
        Assert.Contains("MaximumResponseSize", exception.Message, StringComparison.Ordinal);
    }

    private static Task<OcspFetch> FetchAsync(Uri[] urls, Action<OcspClientOptions>? configure = null) =>
        ClientServices.FetchAsync(Subject, urls, configure);

    /// <summary>The request as a responder reads it.</summary>
    private static async Task<OcspRequest> AskedAsync(Action<OcspClientOptions>? configure = null)
    {
        OcspRequest? asked = null;
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var encoded =
                context.Request.Method == "POST"
                    ? body.ToArray()
                    : Convert.FromBase64String(
                        Uri.UnescapeDataString(
                            context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget[
                                1..
                            ]
                        )
                    );
            Assert.True(OcspRequest.TryDecode(encoded, out asked, out var fault), fault?.Detail);
            await ScriptedServer.Send(() => Authority.Respond(Server))(context);
        });
        await FetchAsync([server.Url], configure);
        return asked!;
    }

    private static async Task<(List<string> Methods, ScriptedServer Server)> RecordingServerAsync()
    {
        var methods = new List<string>();
        var server = await ScriptedServer.StartAsync(context =>
        {
            methods.Add(context.Request.Method);
            return ScriptedServer.Send(() => Authority.Respond(Server))(context);
        });
        return (methods, server);
    }
}
