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

    /// <summary>
    /// One that demands a staple: Features ::= SEQUENCE OF INTEGER { status_request (5) } (RFC 7633 §6).
    /// </summary>
    public static X509Certificate2 MustStapleServer { get; } = Authority.Issue("CN=server", request =>
        {
            request.CertificateExtensions.Add(
                new X509AuthorityInformationAccessExtension(["http://ocsp.example.test"], [])
            );
            request.CertificateExtensions.Add(
                new X509Extension("1.3.6.1.5.5.7.1.24", [0x30, 0x03, 0x02, 0x01, 0x05], critical: false)
            );
        });

    public static OcspSubject Subject { get; } = OcspSubject.FromCertificate(Server, Authority.Certificate);

    public static VerifiedStaple Verified(
        CertStatus? status = null,
        DateTimeOffset? thisUpdate = null,
        DateTimeOffset? nextUpdate = null,
        DateTimeOffset? now = null
    )
    {
        var bytes = Authority.Respond(Server, status, thisUpdate, nextUpdate);
        var result = OcspVerifier.Verify(bytes, Subject, new VerificationPolicy(), now ?? TestAuthority.Now);
        Assert.True(result.TryGetStaple(out var staple, out var rejection), rejection?.ToString());
        return staple;
    }

    /// <summary>One from its bytes.</summary>
    public static VerifiedStaple Read(byte[] bytes)
    {
        var result = OcspVerifier.Verify(bytes, Subject, new VerificationPolicy(), TestAuthority.Now);
        Assert.True(result.TryGetStaple(out var staple, out var rejection), rejection?.ToString());
        return staple;
    }

    /// <summary>One about any certificate of an authority.</summary>
    public static VerifiedStaple Verified(
        TestAuthority authority,
        OcspSubject subject,
        CertStatus status,
        DateTimeOffset thisUpdate,
        DateTimeOffset nextUpdate,
        DateTimeOffset now
    )
    {
        var bytes = authority.Respond(
            authority.Certificate,
            status,
            thisUpdate,
            nextUpdate,
            id: subject.ToCertId(CertIdHash.Sha1)
        );
        var result = OcspVerifier.Verify(bytes, subject, new VerificationPolicy(), now);
        Assert.True(result.TryGetStaple(out var staple, out var rejection), rejection?.ToString());
        return staple;
    }
}
