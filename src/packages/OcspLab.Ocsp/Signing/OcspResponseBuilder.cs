using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using OcspLab.Ocsp.Asn1;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Revocation;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Ocsp;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Ocsp;
using BcCertificate = Org.BouncyCastle.X509.X509Certificate;
using BcCertStatus = Org.BouncyCastle.Ocsp.CertificateStatus;
using CertStatus = OcspLab.Ocsp.Responses.CertStatus;
using OcspResponseStatus = OcspLab.Ocsp.Responses.OcspResponseStatus;

namespace OcspLab.Ocsp.Signing;

/// <summary>Builds OCSP responses in DER. Thread-safe.</summary>
public static class OcspResponseBuilder
{
    /// <summary>An unsigned error response without responseBytes (RFC 6960 §2.3, §4.2.1).</summary>
    /// <exception cref="ArgumentException">
    /// <paramref name="status"/> is <see cref="OcspResponseStatus.Successful"/> or undefined.
    /// </exception>
    public static byte[] BuildError(OcspResponseStatus status)
    {
        if (status == OcspResponseStatus.Successful || !Enum.IsDefined(status))
            throw new ArgumentException($"{status} is not an error status.", nameof(status));
        return [0x30, 0x03, 0x0a, 0x01, (byte)status];
    }

    /// <summary>
    /// A signed basic response (RFC 6960 §4.2.1). Unless the options say otherwise ResponderID is byKey (RFC 9919
    /// §3.2.2), and <c>certs</c> holds a delegate's certificate and is left out when the issuer itself signs.
    /// </summary>
    /// <param name="answers">One entry a certificate; not empty.</param>
    /// <param name="key">Who signs.</param>
    /// <param name="issuer">The certificates' issuer.</param>
    /// <param name="producedAt">The signing time, to the second.</param>
    /// <param name="options">What else it says; null for nothing.</param>
    /// <exception cref="ArgumentException">
    /// There is no entry, or the key does not sign by the algorithm that the options name.
    /// </exception>
    /// <exception cref="CryptographicException">The key cannot sign.</exception>
    public static byte[] Build(
        IReadOnlyList<OcspResponseEntry> answers,
        OcspSigningKey key,
        System.Security.Cryptography.X509Certificates.X509Certificate2 issuer,
        DateTimeOffset producedAt,
        OcspSigningOptions? options = null
    )
    {
        ArgumentNullException.ThrowIfNull(answers);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(issuer);
        ArgumentOutOfRangeException.ThrowIfZero(answers.Count);

        options ??= new OcspSigningOptions();
        var algorithm = options.SignatureAlgorithm ?? key.Algorithms[0];
        if (!key.Algorithms.Contains(algorithm))
            throw new ArgumentException(
                $"The key of '{key.Certificate.Subject}' does not sign by {algorithm}.",
                nameof(options)
            );
        var generator = new BasicOcspRespGenerator(new RespID(ResponderIdOf(key, options.ResponderId)));
        foreach (var answer in answers)
        {
            generator.AddResponse(
                new CertificateID(OcspRequestEncoding.ToBouncyCastle(answer.CertId)),
                Status(answer.Status),
                answer.ThisUpdate.ToWholeSecond(),
                answer.NextUpdate?.ToWholeSecond(),
                ExtensionsOf(answer)
            );
        }

        if (ExtensionsOf(options) is { } extensions)
            generator.SetResponseExtensions(extensions);
        var isDelegate = !key.Certificate.RawDataMemory.Span.SequenceEqual(issuer.RawDataMemory.Span);
        BcCertificate[]? certificates =
            options.Certificates is { } chosen
                ? [.. chosen.Select(certificate => new BcCertificate(certificate.RawData))]
            : isDelegate ? [key.Enclosed]
            : null;
        var basic = Generate(generator, new FrameworkSignatureFactory(key, algorithm), certificates, producedAt);
        return new OCSPRespGenerator().Generate(OCSPRespGenerator.Successful, basic).GetEncoded();
    }

    private static BasicOcspResp Generate(
        BasicOcspRespGenerator generator,
        FrameworkSignatureFactory signer,
        BcCertificate[]? certificates,
        DateTimeOffset producedAt
    )
    {
        try
        {
            return generator.Generate(signer, certificates is [] ? null : certificates, producedAt.ToWholeSecond());
        }
        catch (OcspException exception) when (exception.InnerException is CryptographicException inner)
        {
            // The key says why.
            ExceptionDispatchInfo.Throw(inner);
            throw;
        }
    }

    private static ResponderID ResponderIdOf(OcspSigningKey key, ResponderIdForm form) =>
        form == ResponderIdForm.ByName
            ? new ResponderID(X509Name.GetInstance(Asn1Object.FromByteArray(key.Certificate.SubjectName.RawData)))
            : new ResponderID(new DerOctetString(key.KeyHash));

    private static X509Extensions? ExtensionsOf(OcspSigningOptions options)
    {
        var extensions = new X509ExtensionsGenerator();
        if (options.Nonce is { } nonce)
            extensions.AddExtension(
                new DerObjectIdentifier(OcspOids.Nonce),
                critical: false,
                new DerOctetString(nonce.ToArray())
            );
        if (options.ExtendedRevoke == ExtendedRevoke.Include)
            extensions.AddExtension(
                new DerObjectIdentifier(OcspOids.ExtendedRevoke),
                critical: false,
                DerNull.Instance
            );
        return extensions.IsEmpty ? null : extensions.Generate();
    }

    private static X509Extensions? ExtensionsOf(OcspResponseEntry answer)
    {
        var extensions = new X509ExtensionsGenerator();
        if (answer.Crl is { } crl)
            extensions.AddExtension(new DerObjectIdentifier(OcspOids.Crl), critical: false, CrlId(crl));
        if (answer.InvalidityDate is { } since)
            extensions.AddExtension(
                X509Extensions.InvalidityDate,
                critical: false,
                new DerGeneralizedTime(since.ToWholeSecond())
            );
        if (answer.ArchiveCutoff is { } cutoff)
            extensions.AddExtension(
                new DerObjectIdentifier(OcspOids.ArchiveCutoff),
                critical: false,
                new DerGeneralizedTime(cutoff.ToWholeSecond())
            );
        return extensions.IsEmpty ? null : extensions.Generate();
    }

    // CrlID ::= SEQUENCE { crlUrl [0] EXPLICIT IA5String OPTIONAL, crlNum [1] EXPLICIT INTEGER OPTIONAL, crlTime [2]
    // EXPLICIT GeneralizedTime OPTIONAL }
    private static DerSequence CrlId(CrlReference crl)
    {
        var parts = new Asn1EncodableVector();
        if (crl.Url is { } url)
            parts.Add(new DerTaggedObject(true, 0, new DerIA5String(url.AbsoluteUri)));
        if (crl.Number is { } number)
            parts.Add(
                new DerTaggedObject(true, 1, new DerInteger(number.ToByteArray(isUnsigned: false, isBigEndian: true)))
            );
        if (crl.Time is { } time)
            parts.Add(new DerTaggedObject(true, 2, new DerGeneralizedTime(time.ToWholeSecond())));
        return new DerSequence(parts);
    }

    // RFC 6960 takes its times from RFC 5280 §4.1.2.5.2, which has no fractions of a second.
    private static DateTime ToWholeSecond(this DateTimeOffset instant) =>
        new(instant.UtcTicks - (instant.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);

    private static BcCertStatus? Status(CertStatus status) =>
        status.Kind switch
        {
            CertStatusKind.Good => BcCertStatus.Good,
            CertStatusKind.Unknown => new UnknownStatus(),
            // §5.3.1 of RFC 5280: left out rather than unspecified; and removeFromCRL is said by delta CRLs alone.
            _ => status.Reason is { } reason and not (RevocationReason.Unspecified or RevocationReason.RemoveFromCrl)
                ? new RevokedStatus(status.RevokedAt!.Value.ToWholeSecond(), (int)reason)
                : new RevokedStatus(
                    new RevokedInfo(new DerGeneralizedTime(status.RevokedAt!.Value.ToWholeSecond()), null)
                ),
        };
}
