using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.LabConsole.Access;
using OcspLab.Testing;

namespace OcspLab.LabConsole.Tests;

/// <summary>Who is let in.</summary>
public sealed class GuardTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly int _port = FreePort.Find(1)[0];
    private readonly HttpClient _client = new(
        new SocketsHttpHandler
        {
            UseCookies = false,
            AllowAutoRedirect = false,
            UseProxy = false,
        }
    );
    private Microsoft.AspNetCore.Builder.WebApplication _console = null!;

    public async ValueTask InitializeAsync()
    {
        _console = ConsoleService.Create([
            $"--Console:Lab={_folder.Path}",
            string.Create(CultureInfo.InvariantCulture, $"--Console:Port={_port}"),
        ]);
        await _console.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _console.DisposeAsync();
        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_printed_address_gives_a_strict_cookie_and_the_cookie_the_page()
    {
        using var login = await _client.GetAsync(
            ConsoleService.AddressOf(_console.Services),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.OK, login.StatusCode);
        var cookie = Assert.Single(login.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        var path = _console.Services.GetRequiredService<LoginToken>().Path;
        Assert.Contains($"path={path}", cookie, StringComparison.OrdinalIgnoreCase);
        using var page = await SendAsync($"{path}/", cookie: cookie.Split(';')[0]);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains(
            "OCSP stapling, live",
            await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        // Outside of the path, which browsers would send the cookie to on every port, there is nothing.
        using var root = await SendAsync("/", cookie: cookie.Split(';')[0]);
        Assert.Equal(HttpStatusCode.Unauthorized, root.StatusCode);
        // The address is not the cookie.
        Assert.DoesNotContain(
            _console.Services.GetRequiredService<LoginToken>().Value,
            cookie,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/export/lab.json")]
    [InlineData("/moments/nginx/1/staple.der")]
    [InlineData("/_blazor/negotiate")]
    [InlineData("/console.css")]
    [InlineData("/login")]
    [InlineData("/login?token=0")]
    public async Task Without_it_nothing_is_shown(string path)
    {
        using var answer = await SendAsync(path);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        using var guessed = await SendAsync(Base + path, cookie: $"{Guard.CookieName}=0");
        Assert.Equal(HttpStatusCode.Unauthorized, guessed.StatusCode);
    }

    [Theory]
    [InlineData("http://evil.example")]
    [InlineData("null")]
    [InlineData("https://127.0.0.1")]
    public async Task Another_origin_is_refused_with_the_cookie_too(string origin)
    {
        using var answer = await SendAsync(
            "/_blazor/negotiate",
            cookie: Cookie,
            origin: origin,
            method: HttpMethod.Post
        );
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task The_live_connection_of_another_origin_is_refused()
    {
        using var socket = new System.Net.WebSockets.ClientWebSocket();
        socket.Options.SetRequestHeader("Cookie", Cookie);
        socket.Options.SetRequestHeader("Origin", "http://evil.example");
        socket.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(() =>
            socket.ConnectAsync(
                new Uri($"ws://127.0.0.1:{_port}{Base}/_blazor?id=1"),
                TestContext.Current.CancellationToken
            )
        );
        Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
    }

    [Fact]
    public async Task A_request_of_another_site_is_refused()
    {
        using var answer = await SendAsync($"{Base}/export/lab.json", cookie: Cookie, site: "cross-site");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task A_foreign_name_that_leads_here_is_refused()
    {
        using var answer = await SendAsync($"{Base}/", cookie: Cookie, host: $"evil.example:{_port}");
        Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
    }

    [Fact]
    public async Task The_policy_lets_nothing_in_from_elsewhere()
    {
        using var answer = await SendAsync($"{Base}/", cookie: Cookie);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.DoesNotContain(" style=", page, StringComparison.Ordinal);
    }

    private string Base => _console.Services.GetRequiredService<LoginToken>().Path;

    private string Cookie => $"{Guard.CookieName}={_console.Services.GetRequiredService<LoginToken>().Cookie}";

    private async Task<HttpResponseMessage> SendAsync(
        string path,
        string? cookie = null,
        string? origin = null,
        string? host = null,
        string? site = null,
        HttpMethod? method = null
    )
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, $"http://127.0.0.1:{_port}{path}");
        foreach (
            var (name, value) in new[]
            {
                ("Cookie", cookie),
                ("Origin", origin),
                ("Host", host),
                ("Sec-Fetch-Site", site),
            }
        )
            if (value is not null)
                request.Headers.Add(name, value);
        return await _client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
