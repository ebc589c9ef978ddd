using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Ocsp;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Ocsp;
using BcCertificate = Org.BouncyCastle.X509.X509Certificate;
using BcCertStatus = Org.BouncyCastle.Ocsp.CertificateStatus;

namespace OcspLab.Ocsp;

/// <summary>Builds OCSP responses in DER. Thread-safe.</summary>
public static class OcspResponseBuilder
{
    /// <summary>An unsigned error response without responseBytes (RFC 6960 §2.3, §4.2.1).</summary>
    /// <exception cref="ArgumentException"><paramref name="status"/> is <see cref="OcspResponseStatus.Successful"/> or undefined.</exception>
    public static byte[] BuildError(OcspResponseStatus status)
    {
        if (status == OcspResponseStatus.Successful || !Enum.IsDefined(status))
            throw new ArgumentException($"{status} is not an error status.", nameof(status));
        return [0x30, 0x03, 0x0a, 0x01, (byte)status];
    }

    /// <summary>
    /// A signed basic response (RFC 6960 §4.2.1). ResponderID is byKey (RFC 9919 §3.2.2); <c>certs</c> holds a delegate's
    /// certificate and is left out when the issuer itself signs.
    /// </summary>
    /// <param name="answers">One entry a certificate; not empty.</param>
    /// <param name="key">Who signs.</param>
    /// <param name="issuer">The certificates' issuer.</param>
    /// <param name="producedAt">The signing time, to the second.</param>
    /// <param name="nonce">The nonce to echo (RFC 9654), or null.</param>
    public static byte[] Build(IReadOnlyList<OcspAnswer> answers, OcspSigningKey key, System.Security.Cryptography.X509Certificates.X509Certificate2 issuer, DateTimeOffset producedAt, ReadOnlyMemory<byte>? nonce = null)
    {
        ArgumentNullException.ThrowIfNull(answers);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(issuer);
        ArgumentOutOfRangeException.ThrowIfZero(answers.Count);

        var keyHash = CertIdHash.Sha1.Digest(CertificateBytes.Of(key.Certificate).PublicKeyBits.Span);
        var generator = new BasicOcspRespGenerator(new RespID(new ResponderID(new DerOctetString(keyHash))));
        foreach (var answer in answers)
        {
            generator.AddResponse(
                new CertificateID(OcspRequestEncoding.ToBouncyCastle(answer.CertId)),
                Status(answer.Status),
                answer.ThisUpdate.ToWholeSecond(),
                answer.NextUpdate?.ToWholeSecond(),
                null);
        }

        if (nonce is { } octets)
        {
            var extensions = new X509ExtensionsGenerator();
            extensions.AddExtension(new DerObjectIdentifier(OcspOids.Nonce), critical: false, new DerOctetString(octets.ToArray()));
            generator.SetResponseExtensions(extensions.Generate());
        }

        var isDelegate = !key.Certificate.RawDataMemory.Span.SequenceEqual(issuer.RawDataMemory.Span);
        BcCertificate[]? certificates = isDelegate ? [new BcCertificate(key.Certificate.RawData)] : null;
        var basic = generator.Generate(new FrameworkSignatureFactory(key), certificates, producedAt.ToWholeSecond());
        return new OCSPRespGenerator().Generate(OCSPRespGenerator.Successful, basic).GetEncoded();
    }

    // RFC 6960 takes its times from RFC 5280 §4.1.2.5.2, which has no fractions of a second.
    private static DateTime ToWholeSecond(this DateTimeOffset instant) =>
        new(instant.UtcTicks - (instant.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);

    private static BcCertStatus? Status(CertStatus status) => status.Kind switch
    {
        CertStatusKind.Good => BcCertStatus.Good,
        CertStatusKind.Unknown => new UnknownStatus(),
        _ => status.Reason is { } reason
            ? new RevokedStatus(status.RevokedAt!.Value.ToWholeSecond(), (int)reason)
            : new RevokedStatus(new RevokedInfo(new DerGeneralizedTime(status.RevokedAt!.Value.ToWholeSecond()), null)),
    };
}
