using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using OcspLab.Ocsp.Asn1;
using OcspLab.Ocsp.Rejections;

namespace OcspLab.Ocsp.Signatures;

/// <summary>Signatures of responses and of delegates' certificates, under the policy's choice of algorithms.</summary>
internal static class SignatureVerifier
{
    public static bool IsSupported(
        AlgorithmIdentifier algorithm,
        AsnEncodingRules rules,
        Sha1Signatures sha1,
        [NotNullWhen(true)] out SignatureScheme? scheme,
        [NotNullWhen(false)] out Rejection? rejection
    )
    {
        scheme = SignatureScheme.From(algorithm, rules);
        rejection = scheme switch
        {
            null => new Rejection(RejectionReason.UnsupportedSignatureAlgorithm, algorithm.Oid),
            { Hash: { } hash } when hash == HashAlgorithmName.SHA1 && sha1 == Sha1Signatures.Reject => new Rejection(
                RejectionReason.WeakSignatureAlgorithm,
                $"{algorithm.Oid} signs over SHA-1"
            ),
            _ => null,
        };
        return rejection is null;
    }

    public static bool Verify(
        SignatureScheme scheme,
        ReadOnlyMemory<byte> publicKeyInfo,
        ReadOnlyMemory<byte> data,
        ReadOnlyMemory<byte> signature
    )
    {
        try
        {
            return scheme.Verify(publicKeyInfo, data, signature);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A key of another kind, off its curve, of a size that the platform refuses: it did not make this
            // signature.
            // BouncyCastle's decoders have no common exception, and nobody's key may bring a caller down.
            return false;
        }
    }
}
