using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signatures;

namespace OcspLab.Ocsp.Verification;

/// <summary>
/// Finds and authorises who signed: the issuer itself, or a delegate that the issuer certified directly, with the same
/// key, for OCSPSigning (RFC 6960 §4.2.2.2). No chain is followed further than that.
/// </summary>
internal static class ResponseSigner
{
    public static bool TryFind(
        BasicOcspResponse basic,
        OcspSubject subject,
        VerificationPolicy policy,
        DateTimeOffset now,
        [NotNullWhen(true)] out CertificateBytes? signer,
        [NotNullWhen(false)] out Rejection? rejection
    )
    {
        signer = null;
        if (
            !SignatureVerifier.IsSupported(
                basic.Algorithm,
                AsnEncodingRules.DER,
                policy.Sha1Signatures,
                out var scheme,
                out rejection
            )
        )
            return false;

        var issuer = subject.IssuerBytes;
        var named = basic.ResponderId.Names(issuer);
        if (named && Signed(basic, scheme, issuer))
        {
            rejection = CheckValidity(issuer, policy, now);
            signer = issuer;
            return rejection is null;
        }

        // Certificates may come in any order and in excess. Each that ResponderID names costs two signature checks, so
        // their number is bounded.
        Rejection? first = null;
        Rejection? unreadable = null;
        var candidates = 0;
        foreach (var encoded in basic.Certificates)
        {
            if (!TryDecode(encoded, out var certificate, out rejection))
            {
                unreadable ??= rejection;
                continue;
            }

            // The issuer's own key has been tried, unless ResponderID names another certificate over it.
            if (named && certificate.PublicKeyInfo.Span.SequenceEqual(issuer.PublicKeyInfo.Span))
                continue;
            if (!basic.ResponderId.Names(certificate))
                continue;
            rejection =
                CheckDelegate(certificate, issuer, policy, now)
                ?? (
                    Signed(basic, scheme, certificate)
                        ? null
                        : new Rejection(
                            RejectionReason.BadSignature,
                            $"the key of '{certificate.SubjectName}' did not make this signature"
                        )
                );
            if (rejection is null)
            {
                signer = certificate;
                return true;
            }

            first ??= rejection;
            if (++candidates == MaximumCandidates)
                break;
        }

        rejection =
            first
            ?? (
                named
                    ? new Rejection(RejectionReason.BadSignature, "the issuer's key did not make this signature")
                    : new Rejection(
                        RejectionReason.SignerNotFound,
                        $"{basic.ResponderId} is neither the issuer nor among the enclosed certificates "
                            + $"({basic.Certificates.Count}{(unreadable is null ? "" : ", not all of them readable")})"
                    )
            );
        return false;
    }

    private static bool TryDecode(
        ReadOnlyMemory<byte> encoded,
        [NotNullWhen(true)] out CertificateBytes? certificate,
        [NotNullWhen(false)] out Rejection? rejection
    )
    {
        certificate = null;
        rejection = null;
        try
        {
            certificate = CertificateBytes.Decode(encoded);
        }
        catch (AsnContentException exception)
        {
            rejection = new Rejection(RejectionReason.Malformed, $"an enclosed certificate: {exception.Message}");
        }

        return certificate is not null;
    }

    private static Rejection? CheckDelegate(
        CertificateBytes certificate,
        CertificateBytes issuer,
        VerificationPolicy policy,
        DateTimeOffset now
    )
    {
        var stranger = new Rejection(
            RejectionReason.SignerNotAuthorized,
            $"'{certificate.SubjectName}' was not issued by '{issuer.SubjectName}' with its key"
        );
        if (!certificate.IsAlgorithmSigned || !DistinguishedNames.Same(certificate.Issuer, issuer.Subject))
            return stranger;
        if (
            !SignatureVerifier.IsSupported(
                certificate.SignatureAlgorithm,
                AsnEncodingRules.BER,
                policy.Sha1Signatures,
                out var scheme,
                out var rejection
            )
        )
            return rejection with { Detail = $"the certificate of '{certificate.SubjectName}': {rejection.Detail}" };
        if (!SignatureVerifier.Verify(scheme, issuer.PublicKeyInfo, certificate.Tbs, certificate.Signature))
            return stranger;
        return DelegateExtensions.Check(certificate, policy)
            ?? CheckValidity(certificate, policy, now)
            ?? CheckValidity(issuer, policy, now);
    }

    private static Rejection? CheckValidity(CertificateBytes certificate, VerificationPolicy policy, DateTimeOffset now)
    {
        if (now - certificate.NotAfter > policy.ClockSkew)
            return new Rejection(
                RejectionReason.SignerExpired,
                $"'{certificate.SubjectName}' expired at {OcspVerifier.At(certificate.NotAfter)}"
            );
        if (certificate.NotBefore - now > policy.ClockSkew)
            return new Rejection(
                RejectionReason.SignerNotYetValid,
                $"'{certificate.SubjectName}' is valid from {OcspVerifier.At(certificate.NotBefore)}"
            );
        return null;
    }

    private static bool Signed(BasicOcspResponse basic, SignatureScheme scheme, CertificateBytes signer) =>
        SignatureVerifier.Verify(scheme, signer.PublicKeyInfo, basic.TbsResponseData, basic.Signature);

    private const int MaximumCandidates = 8;
}
