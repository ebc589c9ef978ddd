using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Asn1;

namespace OcspLab.Ocsp.Certificates;

/// <summary>
/// The parts of a certificate that are signed, hashed or compared byte by byte, as they stand in its encoding.
/// </summary>
internal sealed record CertificateBytes
{
    public required ReadOnlyMemory<byte> Tbs { get; init; }
    public required AlgorithmIdentifier SignatureAlgorithm { get; init; }
    public required ReadOnlyMemory<byte> Signature { get; init; }
    public required ReadOnlyMemory<byte> SerialNumber { get; init; }
    public required ReadOnlyMemory<byte> Issuer { get; init; }
    public required DateTimeOffset NotBefore { get; init; }
    public required DateTimeOffset NotAfter { get; init; }
    public required ReadOnlyMemory<byte> Subject { get; init; }
    public required ReadOnlyMemory<byte> PublicKeyInfo { get; init; }

    /// <summary>
    /// The value of subjectPublicKey without tag, length and unused-bits octet: what issuerKeyHash and ResponderID
    /// byKey hash.
    /// </summary>
    public required ReadOnlyMemory<byte> PublicKeyBits { get; init; }

    /// <summary>
    /// False when the algorithm outside, which nobody signed, is not the one inside (RFC 5280 §4.1.1.2).
    /// </summary>
    public required bool IsAlgorithmSigned { get; init; }

    /// <summary>The extensions, still encoded under their explicit tag; empty when there are none.</summary>
    public required ReadOnlyMemory<byte> EncodedExtensions { get; init; }

    /// <summary>The subject for people.</summary>
    public string SubjectName => DistinguishedNames.Describe(Subject);

    /// <exception cref="CryptographicException">The platform reads more than is a certificate.</exception>
    public static CertificateBytes Of(X509Certificate2 certificate)
    {
        try
        {
            return Decode(certificate.RawDataMemory);
        }
        catch (AsnContentException exception)
        {
            throw new CryptographicException(
                $"The certificate '{certificate.Subject}' cannot be read: {exception.Message}",
                exception
            );
        }
    }

    // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }
    // TBSCertificate ::= SEQUENCE {
    //     version [0] EXPLICIT DEFAULT v1, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo,
    //     issuerUniqueID [1] IMPLICIT OPTIONAL, subjectUniqueID [2] IMPLICIT OPTIONAL, extensions [3] EXPLICIT OPTIONAL
    // }
    public static CertificateBytes Decode(ReadOnlyMemory<byte> encoded)
    {
        // BER: certificates that are not quite DER are in use; only exact bytes are taken out, and a signature covers
        // them.
        var outer = new AsnReader(encoded, AsnEncodingRules.BER);
        var certificate = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var tbs = certificate.PeekEncodedValue();
        var body = certificate.ReadSequence();
        var algorithm = certificate.PeekEncodedValue();
        var signatureAlgorithm = AlgorithmIdentifier.Decode(certificate);
        var signature = ReadOctets(certificate);
        certificate.ThrowIfNotEmpty();

        if (body.PeekTag() == Tag(0))
            body.ReadSequence(Tag(0)).ReadInteger();
        var serial = body.ReadIntegerBytes();
        var isAlgorithmSigned = body.ReadEncodedValue().Span.SequenceEqual(algorithm.Span);
        var issuer = body.ReadEncodedValue();
        var validity = body.ReadSequence();
        var notBefore = DerTime.ReadEither(validity);
        var notAfter = DerTime.ReadEither(validity);
        var subject = body.ReadEncodedValue();
        var publicKeyInfo = body.PeekEncodedValue();
        var keyReader = body.ReadSequence();
        keyReader.ReadEncodedValue();
        var keyBits = ReadOctets(keyReader);
        while (body.HasData && body.PeekTag() != Tag(3))
            body.ReadEncodedValue();
        var extensions = body.HasData ? body.ReadEncodedValue() : default;
        body.ThrowIfNotEmpty();

        return new CertificateBytes
        {
            Tbs = tbs,
            SignatureAlgorithm = signatureAlgorithm,
            Signature = signature,
            SerialNumber = serial,
            Issuer = issuer,
            NotBefore = notBefore,
            NotAfter = notAfter,
            Subject = subject,
            PublicKeyInfo = publicKeyInfo,
            PublicKeyBits = keyBits,
            IsAlgorithmSigned = isAlgorithmSigned,
            EncodedExtensions = extensions,
        };
    }

    /// <exception cref="AsnContentException">They cannot be read, or one stands twice.</exception>
    public IReadOnlyList<OcspExtension> DecodeExtensions() =>
        EncodedExtensions.IsEmpty
            ? []
            : OcspExtension.DecodeAll(new AsnReader(EncodedExtensions, AsnEncodingRules.BER).ReadSequence(Tag(3)));

    private static ReadOnlyMemory<byte> ReadOctets(AsnReader reader)
    {
        var octets = reader.ReadBitString(out var unusedBits);
        return unusedBits == 0 ? octets : throw new AsnContentException("a key or signature that is not whole octets");
    }

    private static Asn1Tag Tag(int number) => new(TagClass.ContextSpecific, number, isConstructed: true);
}
