using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;

namespace OcspLab.Benchmarks;

/// <summary>Certificates of one authority in memory, and its responder in this process.</summary>
internal static class ManyCertificates
{
    public static async Task<double> CpuAtRestAsync()
    {
        // The compiler and the collector have something left to do after a start.
        await Task.Delay(Effort.Of(TimeSpan.FromSeconds(20))).ConfigureAwait(false);
        var before = Environment.CpuUsage.TotalTime;
        await Task.Delay(Effort.Of(TimeSpan.FromMinutes(1))).ConfigureAwait(false);
        return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
    }

    public static X509Certificate2 Issue(string name, X509Certificate2? issuer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        if (issuer is null)
        {
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(90));
        }

        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false)
        );
        request.CertificateExtensions.Add(
            new X509AuthorityInformationAccessExtension(["http://responder.invalid/"], [])
        );
        using var certificate = request.Create(
            issuer,
            now.AddHours(-1),
            now.AddDays(30),
            RandomNumberGenerator.GetBytes(16)
        );
        return certificate.CopyWithPrivateKey(key);
    }

    public static async Task<WebApplication> StartResponderAsync(X509Certificate2 issuer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var responder = builder.Build();
        var key = new OcspSigningKey(issuer);
        responder.Run(async context =>
        {
            var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            OcspRequest.TryDecode(
                Convert.FromBase64String(Uri.UnescapeDataString(target[1..])),
                out var request,
                out _
            );
            var now = TimeProvider.System.GetUtcNow();
            var response = OcspResponseBuilder.Build(
                [new OcspResponseEntry(request!.CertIds[0], CertStatus.Good, now.AddMinutes(-1), now.AddDays(1))],
                key,
                issuer,
                now
            );
            context.Response.ContentType = "application/ocsp-response";
            context.Response.ContentLength = response.Length;
            await context.Response.Body.WriteAsync(response).ConfigureAwait(false);
        });
        await responder.StartAsync().ConfigureAwait(false);
        return responder;
    }
}
