using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Certificates;

namespace OcspLab.Ocsp.Requests;

/// <summary>
/// The certificate whose status is asked or judged, seen together with its issuer. Immutable and thread-safe.
/// </summary>
public sealed class OcspSubject
{
    // Filled on first use. Two threads may both compute an element; they compute the same.
    private readonly CertId?[] _certIds = new CertId?[Enum.GetValues<CertIdHash>().Length];
    private readonly ReadOnlyMemory<byte> _issuerName;

    private OcspSubject(
        X509Certificate2 issuer,
        ReadOnlyMemory<byte>? issuerName,
        ReadOnlyMemory<byte> serialNumber,
        DateTimeOffset? notBefore,
        DateTimeOffset? notAfter
    )
    {
        Issuer = issuer;
        IssuerBytes = CertificateBytes.Of(issuer);
        _issuerName = issuerName ?? IssuerBytes.Subject;
        SerialNumber = serialNumber;
        NotBefore = notBefore;
        NotAfter = notAfter;
    }

    /// <summary>The certificate of the authority that issued the subject.</summary>
    public X509Certificate2 Issuer { get; }

    /// <summary>The subject's serial number as the content octets of its INTEGER.</summary>
    public ReadOnlyMemory<byte> SerialNumber { get; }

    /// <summary>Start of the subject's validity, when the certificate itself is known.</summary>
    public DateTimeOffset? NotBefore { get; }

    /// <summary>End of the subject's validity, when the certificate itself is known.</summary>
    public DateTimeOffset? NotAfter { get; }

    internal CertificateBytes IssuerBytes { get; }

    /// <summary>A certificate and the authority that issued it.</summary>
    /// <exception cref="ArgumentException"><paramref name="certificate"/> names another issuer.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">One of them cannot be read.</exception>
    public static OcspSubject FromCertificate(X509Certificate2 certificate, X509Certificate2 issuer)
    {
        return TryFromCertificate(certificate, issuer, out var subject)
            ? subject
            : throw new ArgumentException(
                $"The certificate was issued by '{certificate.Issuer}', not by '{issuer.Subject}'.",
                nameof(issuer)
            );
    }

    /// <summary>
    /// A certificate and the authority that issued it; false when <paramref name="certificate"/> names another issuer.
    /// </summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">One of them cannot be read.</exception>
    public static bool TryFromCertificate(
        X509Certificate2 certificate,
        X509Certificate2 issuer,
        [NotNullWhen(true)] out OcspSubject? subject
    )
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(issuer);
        // §4.1.1: the name is hashed as it stands in the issuer field of the certificate in question.
        var bytes = CertificateBytes.Of(certificate);
        subject = DistinguishedNames.Same(bytes.Issuer, issuer.SubjectName.RawData)
            ? new OcspSubject(issuer, bytes.Issuer, bytes.SerialNumber, bytes.NotBefore, bytes.NotAfter)
            : null;
        return subject is not null;
    }

    /// <summary>A serial number and the authority that assigned it.</summary>
    /// <param name="serialNumber">The serial as an unsigned number.</param>
    /// <param name="issuer">The issuing authority's certificate.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">
    /// <paramref name="issuer"/> cannot be read.
    /// </exception>
    public static OcspSubject FromSerial(BigInteger serialNumber, X509Certificate2 issuer)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        return new OcspSubject(
            issuer,
            null,
            serialNumber.ToByteArray(isUnsigned: false, isBigEndian: true),
            null,
            null
        );
    }

    /// <summary>The subject's CertID under <paramref name="hash"/> (RFC 6960 §4.1.1).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="hash"/> is not defined.</exception>
    public CertId ToCertId(CertIdHash hash)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)hash, (uint)_certIds.Length, nameof(hash));
        return _certIds[(int)hash] ??= new CertId(
            hash,
            hash.Digest(_issuerName.Span),
            hash.Digest(IssuerBytes.PublicKeyBits.Span),
            SerialNumber
        );
    }
}
