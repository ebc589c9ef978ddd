using System.Formats.Asn1;
using OcspLab.Ocsp.Asn1;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Rejections;

namespace OcspLab.Ocsp.Verification;

/// <summary>What a delegate's certificate must say of itself (RFC 6960 §4.2.2.2, RFC 5280 §4.2).</summary>
internal static class DelegateExtensions
{
    public static Rejection? Check(CertificateBytes certificate, VerificationPolicy policy)
    {
        try
        {
            var name = certificate.SubjectName;
            var extensions = certificate.DecodeExtensions();
            // anyExtendedKeyUsage is not enough: §4.2.2.2 wants id-kp-OCSPSigning itself.
            if (
                Find(extensions, OcspOids.ExtendedKeyUsage) is not { } usages
                || !ObjectIdentifierList.Decode(usages, AsnEncodingRules.BER).Contains(OcspOids.OcspSigning)
            )
                return new Rejection(
                    RejectionReason.SignerWithoutOcspSigning,
                    $"'{name}' has no extended key usage OCSPSigning"
                );
            if (Find(extensions, OcspOids.KeyUsage) is { } usage && !MaySign(usage))
                return new Rejection(RejectionReason.SignerKeyUsage, $"'{name}' may not sign");
            foreach (var extension in extensions)
            {
                if (extension.Critical && !Understood.Contains(extension.Oid))
                    return new Rejection(
                        RejectionReason.SignerUnknownCriticalExtension,
                        $"'{name}' has the critical extension {extension.Oid}"
                    );
            }

            return
                policy.DelegateWithoutNoCheck == DelegateWithoutNoCheck.Reject
                && Find(extensions, OcspOids.NoCheck) is null
                ? new Rejection(
                    RejectionReason.SignerWithoutNoCheck,
                    $"'{name}' may itself be revoked: it has no id-pkix-ocsp-nocheck"
                )
                : null;
        }
        catch (AsnContentException exception)
        {
            return new Rejection(
                RejectionReason.Malformed,
                $"an extension of the signer's certificate: {exception.Message}"
            );
        }
    }

    private static ReadOnlyMemory<byte>? Find(IReadOnlyList<OcspExtension> extensions, string oid)
    {
        foreach (var extension in extensions)
        {
            if (extension.Oid == oid)
                return extension.Value;
        }

        return null;
    }

    // KeyUsage ::= BIT STRING { digitalSignature (0), nonRepudiation (1), … }
    private static bool MaySign(ReadOnlyMemory<byte> value)
    {
        var reader = new AsnReader(value, AsnEncodingRules.BER);
        var bits = reader.ReadBitString(out _);
        reader.ThrowIfNotEmpty();
        return bits.Length > 0 && (bits[0] & 0b1100_0000) != 0;
    }

    // Checked above or without a bearing on one who only signs OCSP: no path goes through the delegate, and its names
    // are not used.
    private static readonly HashSet<string> Understood =
    [
        OcspOids.KeyUsage,
        OcspOids.ExtendedKeyUsage,
        OcspOids.NoCheck,
        "2.5.29.19", // basicConstraints
        "2.5.29.17", // subjectAltName
        "2.5.29.32", // certificatePolicies
        "2.5.29.31", // cRLDistributionPoints
    ];
}
