using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Signatures;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing.Forge;
using Org.BouncyCastle.Crypto.Parameters;

namespace OcspLab.Testing.Conformance;

public static partial class ConformanceTable
{
    private static IEnumerable<ConformanceCase> Algorithms()
    {
        var rsa = ForgedKey.Rsa();
        var authority = Authority(rsa);
        foreach (var hash in (string[])["SHA224", "SHA256", "SHA384", "SHA512"])
            yield return By($"RSA PKCS #1 over {hash}", authority, rsa with { Algorithm = $"{hash}WITHRSA" });
        yield return Weak("RSA PKCS #1 over SHA-1", authority, rsa with { Algorithm = "SHA1WITHRSA" });
        yield return By(
            "RSA PKCS #1 over SHA-1 where the policy allows it",
            authority,
            rsa with
            {
                Algorithm = "SHA1WITHRSA",
            }
        ) with
        {
            Rule = "V27",
            Policy = new VerificationPolicy { Sha1Signatures = Sha1Signatures.DangerousAllow },
        };

        yield return By(
            "RSA PSS, SHA-256, salt 32",
            authority,
            rsa with
            {
                Pss = new PssShape("SHA-256", "SHA-256", 32),
            }
        );
        yield return By(
            "RSA PSS, SHA-512, salt 64",
            authority,
            rsa with
            {
                Pss = new PssShape("SHA-512", "SHA-512", 64),
            }
        );
        yield return By(
            "RSA PSS, SHA-256, salt 20",
            authority,
            rsa with
            {
                Pss = new PssShape("SHA-256", "SHA-256", 20),
            }
        );
        yield return By(
            "RSA PSS, SHA-256, no salt",
            authority,
            rsa with
            {
                Pss = new PssShape("SHA-256", "SHA-256", 0),
            }
        );
        yield return By(
            "RSA PSS, SHA-384, mask by SHA-256",
            authority,
            rsa with
            {
                Pss = new PssShape("SHA-384", "SHA-256", 48),
            }
        );
        yield return Weak("RSA PSS over SHA-1", authority, rsa with { Pss = new PssShape("SHA-1", "SHA-1", 20) });
        yield return Unsupported(
            "RSA PSS with a trailer that does not exist",
            authority,
            rsa with
            {
                Pss = new PssShape("SHA-256", "SHA-256", 32, Trailer: 2),
            }
        );
        var pss = rsa with { Pss = new PssShape("SHA-256", "SHA-256", 32) };
        foreach (
            var (bound, least) in ((string, int)[])[("SHA-256", 32), ("SHA-256", 20), ("SHA-512", 32), ("SHA-256", 48)]
        )
        {
            var key = rsa with
            {
                Pss = new PssShape("SHA-256", "SHA-256", 32),
                BoundTo = new PssShape(bound, bound, least),
            };
            var holder = Authority(key);
            yield return Signed(
                "V7",
                $"RSA PSS, SHA-256, salt 32, by a key for {bound}, salt {least} or more",
                holder,
                Forged(holder, key),
                bound == "SHA-256" && least <= 32 ? null : RejectionReason.BadSignature
            );
        }

        yield return Unsupported(
            "RSA PSS with a value too many among its parameters",
            authority,
            pss,
            Edited(pss.AlgorithmIdentifier, identifier => identifier[1, 0].Append(DerNode.Primitive(0x05)))
        );
        yield return Unsupported(
            "RSA PSS with parameters in BER",
            authority,
            pss,
            Edited(pss.AlgorithmIdentifier, identifier => identifier[1, 2].Length = LengthForm.Indefinite)
        ) with
        {
            OpenSslDiffers = PssParameters,
        };
        yield return Unsupported("RSA PKCS #1 over MD5", authority, rsa with { Algorithm = "MD5WITHRSA" }) with
        {
            OpenSslDiffers = "it still verifies over MD5",
        };

        foreach (var curve in (string[])["P-256", "P-384", "P-521"])
        {
            var key = ForgedKey.Ecdsa(
                curve,
                curve == "P-256" ? "SHA256WITHECDSA"
                    : curve == "P-384" ? "SHA384WITHECDSA"
                    : "SHA512WITHECDSA"
            );
            yield return By($"ECDSA on {curve}", key);
        }

        var ecdsa = ForgedKey.Ecdsa();
        var ecdsaAuthority = Authority(ecdsa);
        yield return Weak("ECDSA over SHA-1", ecdsaAuthority, ecdsa with { Algorithm = "SHA1WITHECDSA" });
        yield return By("Ed25519", ForgedKey.Ed25519());
        yield return By("Ed448", ForgedKey.Ed448());
        foreach (
            var parameters in (MLDsaParameters[])
                [MLDsaParameters.ml_dsa_44, MLDsaParameters.ml_dsa_65, MLDsaParameters.ml_dsa_87]
        )
        {
            yield return By(parameters.Name, ForgedKey.MLDsa(parameters)) with
            {
                OpenSslCannotJudge = "it knows ML-DSA from 3.5 on",
            };
        }

        yield return Unsupported(
            "a signature algorithm that nobody knows",
            ecdsaAuthority,
            ecdsa,
            DerNode.Wrap(0x30, Convert.FromHexString("06072B06010401864E"))
        );
        yield return Unsupported(
            "parameters where there are none",
            ecdsaAuthority,
            ecdsa,
            DerNode.Wrap(0x30, Convert.FromHexString("06082A8648CE3D040302"), [0x02, 0x01, 0x00])
        ) with
        {
            OpenSslDiffers = EcdsaParameters,
        };
        yield return Unsupported(
            "ECDSA with NULL for parameters",
            ecdsaAuthority,
            ecdsa,
            DerNode.Wrap(0x30, Convert.FromHexString("06082A8648CE3D040302"), [0x05, 0x00])
        ) with
        {
            OpenSslDiffers = EcdsaParameters,
        };
        yield return Signed(
            "V7",
            "an ECDSA signature that is called RSA",
            ecdsaAuthority,
            Forged(ecdsaAuthority, ecdsa) with
            {
                AlgorithmIdentifier = rsa.AlgorithmIdentifier,
            },
            RejectionReason.BadSignature
        );
        yield return Signed(
            "V7",
            "an RSA signature over SHA-256 that is called SHA-512",
            authority,
            Forged(authority, rsa) with
            {
                AlgorithmIdentifier = (rsa with { Algorithm = "SHA512WITHRSA" }).AlgorithmIdentifier,
            },
            RejectionReason.BadSignature
        );
    }

    private static ForgedCertificate Authority(ForgedKey key) => Pki.Authority("CN=Forge CA", key).Sign(Pki.Root);

    private static ForgedResponse Forged(ForgedCertificate authority, ForgedKey key) =>
        Good with
        {
            Signer = authority with { Key = key },
            Entries =
            [
                ForgedEntry.For(Pki.Server, authority) with
                {
                    ThisUpdate = Entry.ThisUpdate,
                    NextUpdate = Entry.NextUpdate,
                },
            ],
        };

    private static ConformanceCase By(string name, ForgedCertificate authority, ForgedKey key) =>
        Signed("V7", name, authority, Forged(authority, key), reason: null);

    private static ConformanceCase By(string name, ForgedKey key) => By(name, Authority(key), key);

    private static ConformanceCase Weak(string name, ForgedCertificate authority, ForgedKey key) =>
        Signed("V27", name, authority, Forged(authority, key), RejectionReason.WeakSignatureAlgorithm) with
        {
            OpenSslDiffers =
                "it takes SHA-1 at its default security level for responses; collisions on it are practical",
        };

    private static ConformanceCase Unsupported(
        string name,
        ForgedCertificate authority,
        ForgedKey key,
        byte[]? identifier = null
    ) =>
        Signed(
            "V27",
            name,
            authority,
            Forged(authority, key) with
            {
                AlgorithmIdentifier = identifier,
            },
            RejectionReason.UnsupportedSignatureAlgorithm
        );

    private static ConformanceCase Signed(
        string rule,
        string name,
        ForgedCertificate authority,
        ForgedResponse response,
        RejectionReason? reason
    ) =>
        new(rule, $"signature: {name}", response.Encode())
        {
            Expected = reason?.ToSnakeCase() ?? "good",
            Issuer = authority,
        };

    private static byte[] Edited(byte[] encoded, Action<DerNode> edit)
    {
        var tree = DerNode.Parse(encoded);
        edit(tree);
        return tree.Encode();
    }

    private const string PssParameters =
        "it reads the parameters as BER; nobody signs those of a response, so they must be exact";
    private const string EcdsaParameters = "it passes over the parameters of ECDSA; RFC 5758 §3.2 leaves them out";
}
