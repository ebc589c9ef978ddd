using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>Staples that came through the one door: built, signed and verified.</summary>
internal static class Staples
{
    public static TestAuthority Authority { get; } = new();

    public static X509Certificate2 Server { get; } = Authority.Server(new Uri("http://ocsp.example.test"));

    public static OcspSubject Subject { get; } = OcspSubject.FromCertificate(Server, Authority.Certificate);

    public static VerifiedStaple Verified(CertStatus? status = null, DateTimeOffset? thisUpdate = null, DateTimeOffset? nextUpdate = null, DateTimeOffset? now = null)
    {
        var bytes = Authority.Respond(Server, status, thisUpdate, nextUpdate);
        var result = OcspVerifier.Verify(bytes, Subject, new VerificationPolicy(), now ?? TestAuthority.Now);
        Assert.True(result.TryGetStaple(out var staple, out var rejection), rejection?.ToString());
        return staple;
    }
}
