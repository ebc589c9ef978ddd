using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing.Forge;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;

namespace OcspLab.Testing.Conformance;

public static partial class ConformanceTable
{
    private static IEnumerable<ConformanceCase> Delegates()
    {
        var usage = CertificateForge.Usage(ForgePki.OcspSigning);
        yield return Accept("V9", "a delegate of the issuer", Pki.Delegated);
        var twin = (Pki.DelegateForge with { Key = Pki.Issuer.Key }).Sign(Pki.Issuer);
        yield return Accept(
            "V9",
            "a delegate with the issuer's own key, by its name",
            Pki.SignedBy(twin) with
            {
                ResponderId = ForgedResponse.ByName(twin.SubjectName),
            }
        );
        yield return Judged("V10", "the server signs for itself", RejectionReason.SignerWithoutOcspSigning, Pki.Server);
        yield return Judged(
            "V10",
            "a sibling for servers",
            RejectionReason.SignerWithoutOcspSigning,
            Delegate(CertificateForge.Usage("1.3.6.1.5.5.7.3.1"))
        );
        yield return Judged(
            "V10",
            "a sibling for any purpose",
            RejectionReason.SignerWithoutOcspSigning,
            Delegate(CertificateForge.Usage("2.5.29.37.0"))
        );
        yield return Judged(
            "V11",
            "another authority's delegate",
            RejectionReason.SignerNotAuthorized,
            Pki.DelegateForge.Sign(Pki.Rival),
            Pki.Rival
        );
        yield return Judged(
            "V11",
            "a delegate of an authority with the issuer's name",
            RejectionReason.SignerNotAuthorized,
            Pki.DelegateForge.Sign(Pki.Impostor),
            Pki.Impostor
        );
        yield return Judged(
            "V11",
            "a delegate of the root",
            RejectionReason.SignerNotAuthorized,
            Pki.DelegateForge.Sign(Pki.Root)
        );
        yield return Judged(
            "V11",
            "a delegate of a delegate",
            RejectionReason.SignerNotAuthorized,
            (Pki.DelegateForge with { Key = ForgedKey.Ecdsa() }).Sign(Pki.Delegate),
            Pki.Delegate
        );
        yield return Judged(
            "V11",
            "a delegate of its own making",
            RejectionReason.SignerNotAuthorized,
            Pki.DelegateForge.Sign(issuer: null)
        );
        yield return Judged("V11", "the root itself", RejectionReason.SignerNotAuthorized, Pki.Root);

        yield return Judged(
            "V12",
            "a delegate that expired",
            RejectionReason.SignerExpired,
            (Pki.DelegateForge with { NotAfter = Pki.Now.AddHours(-1) }).Sign(Pki.Issuer)
        );
        yield return Judged(
            "V12",
            "a delegate of tomorrow",
            RejectionReason.SignerNotYetValid,
            (Pki.DelegateForge with { NotBefore = Pki.Now.AddHours(1) }).Sign(Pki.Issuer)
        );
        yield return Judged(
            "V12",
            "a delegate that may only sign CRLs",
            RejectionReason.SignerKeyUsage,
            Delegate(usage, CertificateForge.KeyUsage(KeyUsage.CrlSign))
        ) with
        {
            OpenSslDiffers = "it doesn't look at keyUsage, which RFC 5280 §4.2.1.3 binds signatures to",
        };
        yield return Judged(
            "V12",
            "a delegate with an empty key usage",
            RejectionReason.SignerKeyUsage,
            Delegate(usage, CertificateForge.KeyUsage(0))
        );
        yield return Accept(
            "V12",
            "a delegate with nonRepudiation",
            Pki.SignedBy(Delegate(usage, CertificateForge.KeyUsage(KeyUsage.NonRepudiation), CertificateForge.NoCheck))
        );
        yield return Accept(
            "V12",
            "a delegate without a key usage",
            Pki.SignedBy(Delegate(usage, CertificateForge.NoCheck))
        );
        yield return Judged(
            "V12",
            "a delegate whose certificate was changed",
            RejectionReason.SignerNotAuthorized,
            Tampered(Pki.Delegate)
        );
        yield return Judged(
            "V12",
            "a delegate certified over SHA-1",
            RejectionReason.WeakSignatureAlgorithm,
            Pki.DelegateForge.Sign(Pki.Issuer, "SHA1WITHECDSA")
        ) with
        {
            OpenSslDiffers = "it takes SHA-1 in chains at its default security level",
        };
        yield return Judged(
            "V12",
            "a delegate with a critical extension that nobody knows",
            RejectionReason.SignerUnknownCriticalExtension,
            Delegate(usage, ("1.3.6.1.4.1.99999.3", true, DerNull.Instance))
        );
        yield return Judged(
            "V12",
            "a delegate of an issuer that expired",
            RejectionReason.SignerExpired,
            Pki.DelegateForge.Sign(Expired)
        ) with
        {
            Issuer = Expired,
        };
        yield return Reject(
            "V12",
            "an issuer that expired",
            RejectionReason.SignerExpired,
            Forged(Expired, Expired.Key)
        ) with
        {
            Issuer = Expired,
            // 3.0.19 believes it.
            OpenSslSince = new Version(3, 0, 22),
        };

        yield return Accept("V13", "a delegate without nocheck", Pki.SignedBy(Delegate(usage)));
        yield return Judged(
            "V13",
            "a delegate without nocheck under a strict policy",
            RejectionReason.SignerWithoutNoCheck,
            Delegate(usage)
        ) with
        {
            Policy = new VerificationPolicy { DelegateWithoutNoCheck = DelegateWithoutNoCheck.Reject },
            OpenSslCannotJudge = "it has no such policy",
        };
        yield return Accept("V13", "a delegate with nocheck under a strict policy", Pki.Delegated) with
        {
            Policy = new VerificationPolicy { DelegateWithoutNoCheck = DelegateWithoutNoCheck.Reject },
        };

        var delegated = Pki.Delegated;
        yield return Accept(
            "V14",
            "the delegate after certificates that are not needed",
            delegated with
            {
                Certificates = [Pki.Rival.Encoded, Pki.Issuer.Encoded, Pki.Root.Encoded, Pki.Delegate.Encoded],
            }
        );
        yield return Accept(
            "V14",
            "the delegate twice",
            delegated with
            {
                Certificates = [Pki.Delegate.Encoded, Pki.Delegate.Encoded],
            }
        );
        yield return Accept(
            "V14",
            "the delegate's expired certificate before its new one",
            delegated with
            {
                Certificates =
                [
                    (Pki.DelegateForge with { NotAfter = Pki.Now.AddHours(-1) }).Sign(Pki.Issuer).Encoded,
                    Pki.Delegate.Encoded,
                ],
            }
        ) with
        {
            OpenSslDiffers = "it takes the first certificate that ResponderID names and gives up with it",
        };
        yield return Accept(
            "V14",
            "the delegate after something that is not a certificate",
            delegated with
            {
                Certificates =
                [
                    [0x30, 0x02, 0x05, 0x00],
                    Pki.Delegate.Encoded,
                ],
            }
        ) with
        {
            OpenSslDiffers = "it decodes all certificates before it looks for one",
        };
        yield return Reject(
            "V14",
            "a delegate whose certificate is left out",
            RejectionReason.SignerNotFound,
            delegated with
            {
                Certificates = null,
            }
        );
        yield return Malformed(
            "V14",
            "65 certificates",
            delegated with
            {
                Certificates = [.. Enumerable.Repeat(Pki.Delegate.Encoded, 65)],
            }
        ) with
        {
            OpenSslDiffers = "it has no limit; one certificate is used, and each one costs its reader",
        };
    }

    private static ForgedCertificate Expired => LazyExpired.Value;

    private static readonly Lazy<ForgedCertificate> LazyExpired = new(() =>
        (Pki.Authority("CN=Forge CA") with { NotAfter = Pki.Now.AddHours(-1) }).Sign(Pki.Root)
    );

    private static ForgedCertificate Delegate(params (string Oid, bool Critical, Asn1Encodable Value)[] extensions) =>
        (Pki.DelegateForge with { Extensions = extensions }).Sign(Pki.Issuer);

    private static ForgedCertificate Tampered(ForgedCertificate certificate) =>
        certificate with
        {
            Encoded = Flipped(certificate.Encoded),
        };

    private static ConformanceCase Judged(
        string rule,
        string name,
        RejectionReason reason,
        ForgedCertificate signer,
        params ForgedCertificate[] chain
    )
    {
        var response = Pki.SignedBy(signer);
        return Reject(
            rule,
            name,
            reason,
            response with
            {
                Certificates = [.. response.Certificates!, .. chain.Select(certificate => certificate.Encoded)],
            }
        );
    }
}
