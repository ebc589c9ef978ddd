using System.Net;
using System.Net.Sockets;
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

    [Theory, Trait("Rule", "V29")]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public async Task Ten_redirects_are_followed_and_no_more(int redirects, bool followed)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Script = context =>
        {
            if (server.Requests > redirects)
                return ScriptedServer.Send(() => Authority.Respond(Server))(context);
            context.Response.Redirect($"/{server.Requests}");
            return Task.CompletedTask;
        };
        var fetch = await FetchAsync([server.Url], options => options.Retries = 0);
        Assert.Equal(followed, fetch.Staple is not null);
    }

    [Theory, Trait("Rule", "V29")]
    [InlineData("ftp")]
    [InlineData("ldap")]
    [InlineData("gopher")]
    [InlineData("file")]
    public async Task A_redirect_to_anything_but_http_is_not_followed(string scheme)
    {
        await using var target = await ScriptedServer.StartAsync(Good);
        var location = scheme == "file" ? "file:///etc/hostname" : $"{scheme}://127.0.0.1:{target.Url.Port}/";
        await using var server = await ScriptedServer.StartAsync(context => Redirect(context, location));
        var fetch = await FetchAsync([server.Url]);
        Assert.Equal(
            (FetchFailure.RedirectRefused, 302),
            (fetch.Attempts.Single().Failure, fetch.Attempts.Single().HttpStatus)
        );
        Assert.Contains(location, fetch.Describe(), StringComparison.Ordinal);
        Assert.Equal((1, 0), (server.Requests, target.Requests));
    }

    [Theory, Trait("Rule", "S41")]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_post_is_not_repeated_to_whatever_a_redirect_names(int status)
    {
        await using var target = await ScriptedServer.StartAsync(Good);
        await using var server = await ScriptedServer.StartAsync(context =>
            Redirect(context, target.Url.AbsoluteUri, status)
        );
        var fetch = await FetchAsync([new Uri(server.Url, new string('x', 150))]);
        Assert.Equal(
            (FetchFailure.RedirectRefused, status),
            (fetch.Attempts.Single().Failure, fetch.Attempts.Single().HttpStatus)
        );
        Assert.Equal((1, 0), (server.Requests, target.Requests));
    }

    [Theory, Trait("Rule", "S41")]
    [InlineData("http://localhost:{0}/")]
    [InlineData("http://[::1]:{0}/")]
    [InlineData("//localhost:{0}/")]
    [InlineData("http://127.0.0.1:{0}/")]
    public async Task A_redirect_to_another_host_or_port_is_not_followed(string location)
    {
        await using var target = await ScriptedServer.StartAsync(Good);
        await using var server = await ScriptedServer.StartAsync(context =>
            Redirect(
                context,
                string.Format(System.Globalization.CultureInfo.InvariantCulture, location, target.Url.Port)
            )
        );
        var fetch = await FetchAsync([server.Url]);
        Assert.Equal(FetchFailure.RedirectRefused, fetch.Attempts.Single().Failure);
        Assert.Equal((1, 0), (server.Requests, target.Requests));
    }

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
        var fetch = await FetchAsync(
            [server.Url],
            options =>
            {
                options.Timeout = TimeSpan.FromSeconds(1);
                options.AttemptTimeout = TimeSpan.FromMinutes(1);
            }
        );
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

    [Theory, Trait("Rule", "S21")]
    [InlineData("00:00:00", 2)]
    [InlineData("01:00:00", 1)]
    public async Task A_name_is_looked_up_at_the_resolver_and_kept_as_long_as_told(string valid, int expectedQuestions)
    {
        await using var server = await ScriptedServer.StartAsync(Good);
        await using var names = new CountingResolver();
        // The same caches behind handlers of two clients, as behind one client's handlers from one minute to the next.
        var registrations = new ServiceCollection();
        foreach (var name in (string[])["one", "two"])
        {
            registrations
                .AddOcspClient(name)
                .Configure(options =>
                {
                    options.Resolvers.Add(names.Address);
                    options.ResolverValid = TimeSpan.Parse(valid, System.Globalization.CultureInfo.InvariantCulture);
                });
        }

        await using var services = registrations.AddOcspClientWith(null);
        foreach (var name in (string[])["one", "two"])
        {
            var fetch = await services
                .GetRequiredKeyedService<IOcspClient>(name)
                .FetchAsync(
                    Subject,
                    [new Uri($"http://ocsp.example.test:{server.Url.Port}/")],
                    new VerificationPolicy(),
                    TestContext.Current.CancellationToken
                );
            Assert.True(fetch.Staple is not null, fetch.Describe());
        }

        Assert.Equal(expectedQuestions, names.Questions);
    }

    [Fact, Trait("Rule", "S21")]
    public async Task A_name_with_addresses_of_both_families_is_reached_by_the_one_that_works()
    {
        Assert.SkipUnless(System.Net.Sockets.Socket.OSSupportsIPv6, "this machine has no IPv6");
        await using var server = await ScriptedServer.StartAsync(Good, "[::1]");
        await using var names = new CountingResolver(answersAaaa: true);
        var fetch = await FetchAsync(
            [new Uri($"http://ocsp.example.test:{server.Url.Port}/")],
            options => options.Resolvers.Add(names.Address)
        );
        Assert.True(fetch.Staple is not null, fetch.Describe());
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

    private static Task Redirect(HttpContext context, string location, int status = 302)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = location;
        return Task.CompletedTask;
    }

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

    /// <summary>
    /// Answers every question for an address with 127.0.0.1, and counts; for AAAA with ::1, or never.
    /// </summary>
    private sealed class CountingResolver(bool answersAaaa = false) : IAsyncDisposable
    {
        private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
        private Task? _loop;
        private int _questions;

        public string Address
        {
            get
            {
                _loop ??= AnswerAsync();
                return _socket.Client.LocalEndPoint!.ToString()!;
            }
        }

        public int Questions => Volatile.Read(ref _questions);

        public async ValueTask DisposeAsync()
        {
            _socket.Dispose();
            await (_loop ?? Task.CompletedTask);
        }

        private async Task AnswerAsync()
        {
            try
            {
                while (true)
                {
                    var question = await _socket.ReceiveAsync();
                    var end = 12;
                    while (question.Buffer[end] != 0)
                        end += question.Buffer[end] + 1;
                    // Some resolvers never answer a question for AAAA (28).
                    var isAaaa = question.Buffer[end + 2] == 28;
                    if (isAaaa && !answersAaaa)
                        continue;
                    Interlocked.Increment(ref _questions);
                    // The question comes back with one answer: a pointer to its name, A or AAAA, IN, an hour, the
                    // address.
                    byte[] answer =
                    [
                        .. question.Buffer[..2],
                        0x81,
                        0x80,
                        0,
                        1,
                        0,
                        1,
                        0,
                        0,
                        0,
                        0,
                        .. question.Buffer[12..(end + 5)],
                        0xc0,
                        12,
                        0,
                        (byte)(isAaaa ? 28 : 1),
                        0,
                        1,
                        0,
                        0,
                        14,
                        16,
                        0,
                        .. isAaaa
                            ? (byte[])[16, .. IPAddress.IPv6Loopback.GetAddressBytes()]
                            : [4, .. IPAddress.Loopback.GetAddressBytes()],
                    ];
                    await _socket.SendAsync(answer, question.RemoteEndPoint);
                }
            }
            catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
            {
                // Disposed: the test is over.
            }
        }
    }
}
