using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Ocsp.Responses;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

public sealed class StatusEndpointTests : SiteBench
{
    [Fact, Trait("Rule", "S33")]
    public async Task It_shows_what_a_handshake_would_get_and_asks_again_on_demand()
    {
        await using var app = await StartAsync(Configure, pipeline: app => app.MapOcspStaplingStatus());
        using var client = Client(app);
        var before = (
            await client.GetFromJsonAsync<JsonElement>("/ocsp-stapling", TestContext.Current.CancellationToken)
        )[0];
        Assert.Equal(
            ("good", "good", "responder"),
            (Text(before, "state"), Text(before, "status"), Text(before, "source"))
        );
        Assert.Equal($"CN=server (serial {Text(before, "serialNumber")})", Text(before, "certificate"));
        Assert.InRange(before.GetProperty("secondsLeft").GetInt64(), 22 * 3600, 23 * 3600);

        Responder.Script = ScriptedServer.Send(() =>
            Authority.Respond(Certificate, CertStatus.Revoked(TestAuthority.Now), thisUpdate: Clock.GetUtcNow())
        );
        using var refreshed = await client.PostAsync(
            $"/ocsp-stapling/refresh/{Text(before, "thumbprint")}",
            null,
            TestContext.Current.CancellationToken
        );
        var after = (await refreshed.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken))[0];
        Assert.Equal(("revoked", "revoked"), (Text(after, "state"), Text(after, "status")));
        Assert.True(refreshed.Headers.CacheControl?.NoStore);

        using var all = await client.PostAsync("/ocsp-stapling/refresh", null, TestContext.Current.CancellationToken);
        Assert.Equal(
            "revoked",
            Text(
                Assert.Single(
                    (
                        await all.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)
                    ).EnumerateArray()
                ),
                "state"
            )
        );
    }

    [Fact, Trait("Rule", "S33")]
    public async Task A_thumbprint_that_nobody_has_is_not_found()
    {
        await using var app = await StartAsync(Configure, pipeline: app => app.MapOcspStaplingStatus("/staples"));
        using var client = Client(app);
        using var response = await client.PostAsync("/staples/refresh/00", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact, Trait("Rule", "S33")]
    public async Task It_is_protected_like_any_endpoint()
    {
        await using var app = await StartAsync(Configure, pipeline: app =>
            app.MapOcspStaplingStatus()
                .AddEndpointFilter((context, next) => ValueTask.FromResult<object?>(Results.StatusCode(403)))
        );
        using var client = Client(app);
        using var response = await client.GetAsync(
            new Uri("/ocsp-stapling", UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact, Trait("Rule", "S32")]
    public async Task Health_is_degraded_while_a_staple_is_missing()
    {
        Responder.Script = ScriptedServer.Send(() => "<html>"u8.ToArray(), "text/html");
        await using var app = await StartAsync(
            builder =>
            {
                Configure(builder);
                builder.Services.AddHealthChecks().AddOcspStapling();
            },
            pipeline: app => app.MapHealthChecks("/health")
        );
        using var client = Client(app);
        Assert.Equal(
            "Degraded",
            await client.GetStringAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken)
        );
    }

    private static void Configure(WebApplicationBuilder builder) => builder.WebHost.UseOcspStapling();

    private HttpClient Client(WebApplication app) =>
        new(
            new SocketsHttpHandler
            {
                SslOptions =
                {
                    RemoteCertificateValidationCallback = (_, shown, _, _) =>
                        shown?.GetCertHashString() == Certificate.GetCertHashString(),
                },
            }
        )
        {
            BaseAddress = new Uri($"https://127.0.0.1:{PortOf(app)}"),
        };

    private static string? Text(JsonElement element, string property) => element.GetProperty(property).GetString();
}
