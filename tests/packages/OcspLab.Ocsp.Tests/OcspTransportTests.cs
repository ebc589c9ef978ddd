using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing;

namespace OcspLab.Ocsp.Tests;

/// <summary>What the network does to a fetch, and what becomes of it: over real sockets.</summary>
public sealed class OcspTransportTests
{
    private static readonly TestAuthority Authority = new();
    private static readonly X509Certificate2 Server = Authority.Server();
    private static readonly OcspSubject Subject = OcspSubject.FromCertificate(Server, Authority.Certificate);

    [Theory, Trait("Rule", "S17")]
    [InlineData(400, "text/plain")]
    [InlineData(403, "text/plain")]
    [InlineData(404, "text/plain")]
    [InlineData(405, "text/plain")]
    [InlineData(414, "text/plain")]
    [InlineData(501, "text/plain")]
    [InlineData(200, "text/html")]
    [InlineData(200, "application/ocsp-response")]
    public async Task What_a_get_does_not_get_a_post_may(int status, string type)
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (context.Request.Method == "POST")
            {
                await Good(context);
                return;
            }

            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            // OCSPResponse ::= SEQUENCE { responseStatus malformedRequest (1) } for the last of them.
            await context.Response.Body.WriteAsync((byte[])[0x30, 0x03, 0x0A, 0x01, 0x01]);
        });
        Assert.NotNull((await FetchAsync([server.Url])).Staple);
        Assert.Equal(2, server.Requests);
    }

    [Fact, Trait("Rule", "S6")]
    public async Task A_passing_failure_is_tried_again()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Script = context =>
        {
            if (server.Requests > 2)
                return Good(context);
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        Assert.NotNull((await FetchAsync([server.Url])).Staple);
        Assert.Equal(3, server.Requests);
    }

    [Fact, Trait("Rule", "S9")]
    public async Task A_responder_that_wants_to_be_left_alone_for_an_hour_costs_no_time()
    {
        await using var server = await ScriptedServer.StartAsync(context =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            return Task.CompletedTask;
        });
        var fetch = await FetchAsync([server.Url]);
        Assert.Equal(
            (FetchFailure.HttpStatus, 503),
            (fetch.Attempts.Single().Failure, fetch.Attempts.Single().HttpStatus)
        );
        Assert.Equal(TimeSpan.FromHours(1), fetch.RetryAfter);
        Assert.Equal(1, server.Requests);
    }

    [Fact, Trait("Rule", "S6")]
    public async Task A_responder_that_fails_again_and_again_is_left_alone_for_a_while()
    {
        await using var server = await ScriptedServer.StartAsync(context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await using var services = new ServiceCollection().AddOcspClientWith(options => options.Retries = 0);
        var client = services.GetRequiredService<IOcspClient>();
        var failures = new List<FetchFailure?>();
        for (var fetch = 0; fetch < 20; fetch++)
            failures.Add(
                (
                    await client.FetchAsync(
                        Subject,
                        [server.Url],
                        new VerificationPolicy(),
                        TestContext.Current.CancellationToken
                    )
                )
                    .Attempts.Single()
                    .Failure
            );
        Assert.Equal(FetchFailure.HttpStatus, failures[0]);
        Assert.Equal(FetchFailure.CircuitOpen, failures[^1]);
        Assert.InRange(server.Requests, 10, 19);
    }

    [Theory, Trait("Rule", "V29")]
    [InlineData(Stall.Headers)]
    [InlineData(Stall.Body)]
    [InlineData(Stall.Drip)]
    public async Task An_attempt_has_a_deadline_from_the_first_byte_to_the_last(Stall stall)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Script = context => server.Requests == 1 ? StallAsync(context, stall) : Good(context);
        var fetch = await FetchAsync([server.Url], options => options.AttemptTimeout = TimeSpan.FromSeconds(1));
        Assert.NotNull(fetch.Staple);
        // The second attempt, or on a machine that is busy the third.
        Assert.InRange(server.Requests, 2, 3);
    }

    [Theory, Trait("Rule", "V29")]
    [InlineData(Stall.Headers)]
    [InlineData(Stall.Drip)]
    public async Task A_fetch_has_one_deadline_whatever_its_attempts_may_take(Stall stall)
    {
        await using var server = await ScriptedServer.StartAsync(context => StallAsync(context, stall));
        var fetch = await FetchAsync([server.Url], options =>
        {
            options.Timeout = TimeSpan.FromSeconds(1);
            options.AttemptTimeout = TimeSpan.FromMinutes(1);
        });
        Assert.Equal(FetchFailure.TimedOut, fetch.Attempts.Single().Failure);
        Assert.Equal(1, server.Requests);
    }

    [Fact, Trait("Rule", "S6")]
    public async Task A_body_that_breaks_off_is_fetched_again()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Script = async context =>
        {
            if (server.Requests > 1)
            {
                await Good(context);
                return;
            }

            context.Response.ContentLength = 1000;
            await context.Response.Body.WriteAsync(new byte[10]);
            await context.Response.Body.FlushAsync();
            context.Abort();
        };
        var fetch = await FetchAsync([server.Url]);
        Assert.True(fetch.Staple is not null, fetch.Describe());
        Assert.Equal(2, server.Requests);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("/relative")]
    public async Task A_url_that_is_none_is_the_callers_mistake(string url) =>
        await Assert.ThrowsAsync<ArgumentException>(() => FetchAsync([new Uri(url, UriKind.RelativeOrAbsolute)]));

    public enum Stall
    {
        Headers,
        Body,
        Drip,
    }

    private static Task Good(HttpContext context) => ScriptedServer.Send(() => Authority.Respond(Server))(context);

    private static async Task StallAsync(HttpContext context, Stall stall)
    {
        if (stall != Stall.Headers)
        {
            context.Response.ContentLength = 1000;
            await context.Response.Body.FlushAsync();
        }

        while (!context.RequestAborted.IsCancellationRequested)
        {
            if (stall == Stall.Drip)
                await context.Response.Body.WriteAsync(new byte[1], context.RequestAborted);
            await Task.Delay(20, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Task<OcspFetch> FetchAsync(Uri[] urls, Action<OcspClientOptions>? configure = null) =>
        ClientServices.FetchAsync(Subject, urls, configure);
}
