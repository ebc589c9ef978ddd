using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OcspLab.Testing;

namespace OcspLab.Ocsp.Tests;

public sealed class OcspClientTests
{
    private static readonly TestAuthority Authority = new();
    private static readonly X509Certificate2 Server = Authority.Server();
    private static readonly OcspSubject Subject = OcspSubject.FromCertificate(Server, Authority.Certificate);

    [Fact, Trait("Rule", "V24")]
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

    [Theory, Trait("Rule", "V24")]
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

    [Fact, Trait("Rule", "S19")]
    public async Task The_next_url_is_asked_when_the_first_is_dead()
    {
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Send(() => Authority.Respond(Server)));
        var fetch = await FetchAsync([new Uri($"http://127.0.0.1:{ClosedPort()}"), server.Url]);
        Assert.NotNull(fetch.Staple);
        Assert.Equal([FetchFailure.ConnectionFailed, null], fetch.Attempts.Select(attempt => attempt.Failure));
    }

    [Fact, Trait("Rule", "S19")]
    public async Task The_next_url_is_asked_when_the_first_lies()
    {
        await using var liar = await ScriptedServer.StartAsync(ScriptedServer.Send(() => Authority.Respond(Authority.Server())));
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Send(() => Authority.Respond(Server)));
        var fetch = await FetchAsync([liar.Url, server.Url]);
        Assert.NotNull(fetch.Staple);
        Assert.Equal(RejectionReason.CertIdMismatch, fetch.Attempts[0].Rejection?.Reason);
    }

    [Fact, Trait("Rule", "S19")]
    public async Task The_next_url_is_asked_when_the_first_hangs()
    {
        await using var hanging = await ScriptedServer.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Send(() => Authority.Respond(Server)));
        var fetch = await FetchAsync([hanging.Url, server.Url], options => options.Timeout = TimeSpan.FromSeconds(4));
        Assert.NotNull(fetch.Staple);
        Assert.Equal(FetchFailure.TimedOut, fetch.Attempts[0].Failure);
    }

    [Fact, Trait("Rule", "S9")]
    public async Task An_html_page_is_named_for_what_it_is()
    {
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Send(() => "<html>"u8.ToArray(), "text/html"));
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

    [Fact, Trait("Rule", "V29")]
    public async Task A_responder_that_hangs_costs_no_more_than_the_deadline()
    {
        using var release = new CancellationTokenSource();
        await using var server = await ScriptedServer.StartAsync(context => Task.Delay(Timeout.Infinite, CancellationTokenSource.CreateLinkedTokenSource(release.Token, context.RequestAborted).Token));
        var fetch = await FetchAsync([server.Url], options =>
        {
            options.AttemptTimeout = TimeSpan.FromMilliseconds(200);
            options.Retries = 0;
        });
        Assert.Equal(FetchFailure.TimedOut, fetch.Attempts.Single().Failure);
        await release.CancelAsync();
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
        var exception = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<OcspClientOptions>>().Value);
        Assert.Contains("MaximumResponseSize", exception.Message, StringComparison.Ordinal);
    }

    private static async Task<OcspFetch> FetchAsync(Uri[] urls, Action<OcspClientOptions>? configure = null)
    {
        await using var services = new ServiceCollection().AddOcspClientWith(configure);
        return await services.GetRequiredService<IOcspClient>().FetchAsync(Subject, urls, new VerificationPolicy(), TestContext.Current.CancellationToken);
    }

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

internal static class ClientServices
{
    public static ServiceProvider AddOcspClientWith(this IServiceCollection services, Action<OcspClientOptions>? configure)
    {
        // The responses are dated by the test authority's clock, and timers by the real one.
        services.AddSingleton<TimeProvider>(new DatedTimeProvider(TestAuthority.Now));
        var options = services.AddOcspClient();
        if (configure is not null)
            options.Configure(configure);
        return services.BuildServiceProvider();
    }

    private sealed class DatedTimeProvider(DateTimeOffset start) : TimeProvider
    {
        private readonly long _started = System.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => start + System.GetElapsedTime(_started);
    }
}
