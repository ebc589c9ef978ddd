using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Ocsp;

/// <summary>The parts of a certificate that are signed, hashed or compared byte by byte, as they stand in its encoding.</summary>
internal sealed class CertificateBytes
{
    private CertificateBytes(ReadOnlyMemory<byte> tbs, AlgorithmIdentifier signatureAlgorithm, ReadOnlyMemory<byte> signature, ReadOnlyMemory<byte> issuer, ReadOnlyMemory<byte> subject, ReadOnlyMemory<byte> publicKeyInfo, ReadOnlyMemory<byte> publicKeyBits, ReadOnlyMemory<byte> serial)
    {
        Tbs = tbs;
        SignatureAlgorithm = signatureAlgorithm;
        Signature = signature;
        Issuer = issuer;
        Subject = subject;
        PublicKeyInfo = publicKeyInfo;
        PublicKeyBits = publicKeyBits;
        SerialNumber = serial;
    }

    public ReadOnlyMemory<byte> Tbs { get; }
    public AlgorithmIdentifier SignatureAlgorithm { get; }
    public ReadOnlyMemory<byte> Signature { get; }
    public ReadOnlyMemory<byte> Issuer { get; }
    public ReadOnlyMemory<byte> Subject { get; }
    public ReadOnlyMemory<byte> PublicKeyInfo { get; }

    /// <summary>The value of subjectPublicKey without tag, length and unused-bits octet: what issuerKeyHash and ResponderID byKey hash.</summary>
    public ReadOnlyMemory<byte> PublicKeyBits { get; }

    public ReadOnlyMemory<byte> SerialNumber { get; }

    public static CertificateBytes Of(X509Certificate2 certificate) => Decode(certificate.RawDataMemory);

    // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }
    // TBSCertificate ::= SEQUENCE { version [0] EXPLICIT DEFAULT v1, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, … }
    public static CertificateBytes Decode(ReadOnlyMemory<byte> encoded)
    {
        // BER: what signs a certificate is not this project's to judge; only exact bytes are taken out of it.
        var certificate = new AsnReader(encoded, AsnEncodingRules.BER).ReadSequence();
        var tbs = certificate.PeekEncodedValue();
        var body = certificate.ReadSequence();
        var algorithm = AlgorithmIdentifier.Decode(certificate);
        var signature = certificate.ReadBitString(out _);

        var version = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        if (body.PeekTag() == version)
            body.ReadEncodedValue();
        var serial = body.ReadIntegerBytes();
        body.ReadEncodedValue();
        var issuer = body.ReadEncodedValue();
        body.ReadEncodedValue();
        var subject = body.ReadEncodedValue();
        var publicKeyInfo = body.PeekEncodedValue();
        var keyReader = body.ReadSequence();
        keyReader.ReadEncodedValue();
        var keyBits = keyReader.ReadBitString(out _);
        return new CertificateBytes(tbs, algorithm, signature, issuer, subject, publicKeyInfo, keyBits, serial);
    }
}
