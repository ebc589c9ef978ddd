using System.Formats.Asn1;
using System.Security.Cryptography;
using OcspLab.Ocsp.Asn1;
using OcspLab.Ocsp.Requests;

namespace OcspLab.Ocsp.Signing;

/// <summary>What can be signed with, by identifier. SHA-1 is not among them.</summary>
internal static class SignatureAlgorithms
{
    public static IReadOnlyList<string> Rsa { get; } = [RsaSha256, RsaSha384, RsaSha512];

    public static IReadOnlyList<string> Ecdsa { get; } = [EcdsaSha256, EcdsaSha384, EcdsaSha512];

    public static HashAlgorithmName HashOf(string oid) =>
        oid switch
        {
            RsaSha256 or EcdsaSha256 => HashAlgorithmName.SHA256,
            RsaSha384 or EcdsaSha384 => HashAlgorithmName.SHA384,
            RsaSha512 or EcdsaSha512 => HashAlgorithmName.SHA512,
            _ => throw new ArgumentOutOfRangeException(nameof(oid), oid, "not a signature algorithm of this library"),
        };

    // SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
    public static KeyAlgorithmName KeyOf(ReadOnlyMemory<byte> publicKeyInfo)
    {
        var algorithm = AlgorithmIdentifier.Decode(new AsnReader(publicKeyInfo, AsnEncodingRules.BER).ReadSequence());
        return new KeyAlgorithmName(algorithm.Oid, PreferredSignatureAlgorithm.CurveOf(algorithm.Parameters));
    }

    private const string RsaSha256 = "1.2.840.113549.1.1.11";
    private const string RsaSha384 = "1.2.840.113549.1.1.12";
    private const string RsaSha512 = "1.2.840.113549.1.1.13";
    private const string EcdsaSha256 = "1.2.840.10045.4.3.2";
    private const string EcdsaSha384 = "1.2.840.10045.4.3.3";
    private const string EcdsaSha512 = "1.2.840.10045.4.3.4";
}

/// <summary>A kind of key: its identifier and, on an elliptic curve, the curve's.</summary>
internal readonly record struct KeyAlgorithmName(string Oid, string? Curve);
