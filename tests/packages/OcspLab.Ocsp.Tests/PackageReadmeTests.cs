using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing;

namespace OcspLab.Ocsp.Tests;

/// <summary>The code of the package's README: compiled here, and run.</summary>
public sealed class PackageReadmeTests
{
    private static readonly TestAuthority Authority = new();

    [Fact]
    public void Its_code_is_what_is_compiled_here() => ReadmeCode.AssertIsIn("PackageReadmeTests.cs.txt", blocks: 2);

    [Fact]
    public void The_verifier_says_good_and_until_when()
    {
        using var certificate = Authority.Server(
            notBefore: DateTimeOffset.UtcNow.AddDays(-1),
            notAfter: DateTimeOffset.UtcNow.AddDays(1)
        );
        var now = DateTimeOffset.UtcNow;
        Assert.StartsWith(
            "Good until",
            Verify(certificate, Authority.Certificate, Authority.Respond(certificate, thisUpdate: now)),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "expired: ",
            Verify(
                certificate,
                Authority.Certificate,
                Authority.Respond(
                    certificate,
                    thisUpdate: now.AddDays(-9),
                    nextUpdate: now.AddDays(-8),
                    producedAt: now
                )
            ),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_client_asks_the_responder_that_the_certificate_names()
    {
        var now = DateTimeOffset.UtcNow;
        await using var responder = await ScriptedServer.StartAsync();
        using var certificate = Authority.Server(responder.Url, now.AddDays(-1), now.AddDays(1));
        responder.Script = ScriptedServer.Send(() => Authority.Respond(certificate, thisUpdate: now));
        Assert.Equal("Good", await AskAsync(certificate, Authority.Certificate, TestContext.Current.CancellationToken));
    }

    private static string Verify(X509Certificate2 certificate, X509Certificate2 issuer, byte[] responseBytes)
    {
        string Print(string line) => line;

        var subject = OcspSubject.FromCertificate(certificate, issuer);
        var verification = OcspVerifier.Verify(
            responseBytes,
            subject,
            new VerificationPolicy(),
            TimeProvider.System.GetUtcNow()
        );
        return verification.TryGetStaple(out var staple, out var rejection)
            ? Print($"{staple.Status.Kind} until {staple.ExpiresAt:u}")
            : Print($"{rejection.Reason.ToSnakeCase()}: {rejection.Detail}");
    }

    private static async Task<string> AskAsync(
        X509Certificate2 certificate,
        X509Certificate2 issuer,
        CancellationToken cancellationToken
    )
    {
        var services = new ServiceCollection();
        services.AddOcspClient().Configure(options => options.Timeout = TimeSpan.FromSeconds(10));
        services.AddOcspClient("inside").Configure(options => options.Proxy = new Uri("http://proxy.example:3128"));
        await using var provider = services.BuildServiceProvider();

        var client = provider.GetRequiredService<IOcspClient>();
        Assert.NotNull(provider.GetRequiredKeyedService<IOcspClient>("inside"));

        var subject = OcspSubject.FromCertificate(certificate, issuer);
        var fetch = await client.FetchAsync(
            subject,
            certificate.GetOcspUrls(),
            new VerificationPolicy(),
            cancellationToken
        );
        return fetch.Staple is { } staple ? $"{staple.Status.Kind}" : fetch.Describe();
    }
}
