using System.Net;
using System.Net.Http.Headers;
using OcspLab.Responder.Admin;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>Who may use the admin API, and who may not.</summary>
public sealed class AdminTokenTests(ResponderFixture responder) : IClassFixture<ResponderFixture>
{
    [Fact]
    public async Task Without_the_token_nothing_is_told()
    {
        var response = await responder.Http.GetAsync(
            new Uri(responder.AdminUrl, "certificates"),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_wrong_token_is_refused()
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post,
            new Uri(responder.AdminUrl, "certificates/echo/revoke")
        );
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", new string('0', 64));
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            (await responder.Http.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode
        );
        Assert.All(await responder.Registry.ListAsync(TestContext.Current.CancellationToken), certificate =>
            Assert.Null(certificate.RevokedAt)
        );
    }

    [Fact]
    public void The_token_is_its_owners_alone() => OwnerOnly.Check(responder.TokenFile);

    [Fact]
    public void It_listens_on_loopback_only() => Assert.Equal("127.0.0.1", responder.AdminUrl.Host);

    [Fact]
    public async Task Health_needs_no_token()
    {
        Assert.Equal(
            "Healthy",
            await responder.Http.GetStringAsync(
                new Uri(responder.AdminUrl, "health"),
                TestContext.Current.CancellationToken
            )
        );
        Assert.Equal(
            "Healthy",
            await responder.Http.GetStringAsync(
                new Uri(responder.AdminUrl, "alive"),
                TestContext.Current.CancellationToken
            )
        );
    }

    [Fact]
    public async Task The_api_describes_itself_without_a_token()
    {
        using var document = System.Text.Json.JsonDocument.Parse(
            await responder.Http.GetStringAsync(
                new Uri(responder.AdminUrl, "openapi/v1.json"),
                TestContext.Current.CancellationToken
            )
        );
        var paths = document.RootElement.GetProperty("paths").EnumerateObject().Select(path => path.Name);
        Assert.Equal(
            [
                "/certificates",
                "/certificates/import",
                "/certificates/purge",
                "/certificates/{which}/restore",
                "/certificates/{which}/revoke",
                "/faults",
                "/faults/{id}",
                "/journal",
                "/listener",
                "/listener/start",
                "/listener/stop",
                "/requests",
                "/status",
            ],
            paths.Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            "bearer",
            document
                .RootElement.GetProperty("components")
                .GetProperty("securitySchemes")
                .GetProperty("token")
                .GetProperty("scheme")
                .GetString()
        );
        Assert.False(
            document
                .RootElement.GetRawText()
                .Contains(AdminToken.LoadOrCreate(responder.TokenFile).Value, StringComparison.Ordinal),
            "the token is in it"
        );
    }

    [Theory]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    public async Task A_token_that_others_can_read_or_write_is_not_used(UnixFileMode others)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes");
        var copy = Path.Combine(responder.Folder, "open-token");
        await File.WriteAllTextAsync(copy, new string('5', 64), TestContext.Current.CancellationToken);
#pragma warning disable CA1416 // Skipped above.
        File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite | others);
#pragma warning restore CA1416
        Assert.Contains(
            "can be read or written by others",
            Assert.Throws<IOException>(() => AdminToken.LoadOrCreate(copy)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_token_that_can_be_guessed_is_not_used()
    {
        var copy = Path.Combine(responder.Folder, "short-token");
        await File.WriteAllTextAsync(copy, "a\n", TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var refusal = Assert.Throws<IOException>(() => AdminToken.LoadOrCreate(copy)).Message;
        Assert.Contains("can be guessed", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("'a'", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "certificates")]
    [InlineData("POST", "certificates/echo/revoke")]
    [InlineData("GET", "journal")]
    [InlineData("GET", "status")]
    [InlineData("POST", "faults")]
    [InlineData("DELETE", "faults")]
    [InlineData("POST", "listener/stop")]
    [InlineData("GET", "openapi/v2.json")]
    public async Task Nothing_else_is_to_be_had_without_the_token(string method, string path)
    {
        foreach (
            var token in (string?[])
                [null, "Bearer ", "Bearer 00", "Basic " + AdminToken.LoadOrCreate(responder.TokenFile).Value]
        )
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(responder.AdminUrl, path));
            if (token is not null)
                request.Headers.TryAddWithoutValidation("Authorization", token);
            using var response = await responder.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        }
    }
}
