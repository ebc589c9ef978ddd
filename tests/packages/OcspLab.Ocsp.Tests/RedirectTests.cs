using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Requests;
using OcspLab.Testing;

namespace OcspLab.Ocsp.Tests;

/// <summary>Where a redirect may lead.</summary>
public sealed class RedirectTests
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

    private static Task Good(HttpContext context) => ScriptedServer.Send(() => Authority.Respond(Server))(context);

    private static Task Redirect(HttpContext context, string location, int status = 302)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = location;
        return Task.CompletedTask;
    }

    private static Task<OcspFetch> FetchAsync(Uri[] urls, Action<OcspClientOptions>? configure = null) =>
        ClientServices.FetchAsync(Subject, urls, configure);
}
