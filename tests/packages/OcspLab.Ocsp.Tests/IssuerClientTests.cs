using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Ocsp.Fetching;
using OcspLab.Testing;

namespace OcspLab.Ocsp.Tests;

/// <summary>Certificates of issuers from where certificates say that they are.</summary>
public sealed class IssuerClientTests
{
    private static readonly TestAuthority Authority = new();

    [Theory, Trait("Rule", "S45")]
    [InlineData(Form.Der)]
    [InlineData(Form.Pem)]
    [InlineData(Form.Cms)]
    public async Task It_is_downloaded_in_every_form_that_there_is(Form form)
    {
        await using var server = await ScriptedServer.StartAsync(context => SendAsync(context, Encode(form)));
        var fetch = await FetchAsync(server.Url.AbsoluteUri);
        Assert.Equal(Authority.Certificate.RawData, fetch.Issuer?.RawData);
        Assert.Contains(server.Url.AbsoluteUri, fetch.Detail, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "S45")]
    public async Task A_stranger_of_the_same_name_is_not_believed()
    {
        var stranger = new TestAuthority().Certificate;
        await using var server = await ScriptedServer.StartAsync(context => SendAsync(context, stranger.RawData));
        var fetch = await FetchAsync(server.Url.AbsoluteUri);
        Assert.Null(fetch.Issuer);
        Assert.Contains("no certificate there has issued it", fetch.Detail, StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "S45")]
    [InlineData(Fault.NotFound, "404")]
    [InlineData(Fault.Garbage, "")]
    [InlineData(Fault.Huge, "more than 65536 bytes")]
    [InlineData(Fault.Hangs, "no answer in time")]
    public async Task What_goes_wrong_is_a_value_with_its_reason(Fault fault, string expected)
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (fault == Fault.NotFound)
                context.Response.StatusCode = 404;
            else if (fault == Fault.Hangs)
                await Task.Delay(TimeSpan.FromMinutes(1), context.RequestAborted)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            else
                await SendAsync(context, new byte[fault == Fault.Huge ? 1_000_000 : 100]);
        });
        var fetch = await FetchAsync(server.Url.AbsoluteUri);
        Assert.Null(fetch.Issuer);
        Assert.StartsWith(server.Url.AbsoluteUri, fetch.Detail, StringComparison.Ordinal);
        Assert.Contains(expected, fetch.Detail, StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "S45")]
    [InlineData("https://127.0.0.1:1/ca.cer")]
    [InlineData("ldap://127.0.0.1:1/cn=ca")]
    [InlineData("file:///etc/passwd")]
    public async Task Nothing_but_http_is_asked(string url)
    {
        var fetch = await FetchAsync(url);
        Assert.Null(fetch.Issuer);
        Assert.Contains("no http URL", fetch.Detail, StringComparison.Ordinal);
    }

    public enum Form
    {
        Der,
        Pem,
        Cms,
    }

    public enum Fault
    {
        NotFound,
        Garbage,
        Huge,
        Hangs,
    }

    private static byte[] Encode(Form form) =>
        form switch
        {
            Form.Der => Authority.Certificate.RawData,
            Form.Pem => System.Text.Encoding.ASCII.GetBytes(Authority.Certificate.ExportCertificatePem()),
            _ => new X509Certificate2Collection
            {
                new TestAuthority("CN=Another").Certificate,
                Authority.Certificate,
            }.Export(X509ContentType.Pkcs7)!,
        };

    private static async Task SendAsync(HttpContext context, byte[] body) =>
        await context.Response.Body.WriteAsync(body);

    private static async Task<IssuerFetch> FetchAsync(string url)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Authority.Issue("CN=server", request =>
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([], [url]))
        );
        await using var services = new ServiceCollection().AddOcspClientWith(options =>
        {
            options.Timeout = TimeSpan.FromSeconds(2);
            options.Retries = 0;
        });
        return await services
            .GetRequiredService<IIssuerClient>()
            .FetchAsync(certificate, TestContext.Current.CancellationToken);
    }
}
