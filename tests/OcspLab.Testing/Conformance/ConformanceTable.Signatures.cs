using System.Formats.Asn1;
using System.Security.Cryptography;
using OcspLab.Ocsp.Rejections;
using OcspLab.Testing.Forge;

namespace OcspLab.Testing.Conformance;

public static partial class ConformanceTable
{
    private static IEnumerable<ConformanceCase> Signatures()
    {
        yield return Accept("V15", "signed by the issuer, no certificates", Good);
        yield return Accept(
            "V15",
            "signed by the issuer, an empty list of certificates",
            Good with
            {
                Certificates = [],
            }
        );
        yield return Accept(
            "V15",
            "signed by the issuer, its certificate enclosed",
            Good with
            {
                Certificates = [Pki.Issuer.Encoded],
            }
        );
        yield return Accept(
            "V8",
            "the issuer by name",
            Good with
            {
                ResponderId = ForgedResponse.ByName(Pki.Issuer.SubjectName),
            }
        );
        yield return Accept("V8", "a delegate by key", Pki.Delegated);
        yield return Accept(
            "V8",
            "a delegate by name",
            Pki.Delegated with
            {
                ResponderId = ForgedResponse.ByName(Pki.Delegate.SubjectName),
            }
        );
        yield return Accept(
            "V8",
            "a delegate by the same name in another string type",
            Pki.Delegated with
            {
                ResponderId = ForgedResponse.ByName(NameOf("delegate", UniversalTagNumber.PrintableString)),
            }
        );
        yield return Reject(
            "V8",
            "a name that nobody here has",
            RejectionReason.SignerNotFound,
            Good with
            {
                ResponderId = ForgedResponse.ByName(Pki.Rival.SubjectName),
            }
        );
        yield return Reject(
            "V8",
            "a key that nobody here has",
            RejectionReason.SignerNotFound,
            Good with
            {
                ResponderId = ForgedResponse.ByKey(SHA1.HashData(Pki.Rival.Key.PublicKeyBits)),
            }
        );
        yield return Reject(
            "V8",
            "a key by SHA-256",
            RejectionReason.SignerNotFound,
            Good with
            {
                ResponderId = ForgedResponse.ByKey(SHA256.HashData(Pki.Issuer.Key.PublicKeyBits)),
            }
        );
        yield return Reject(
            "V8",
            "a key by the hash of its whole SubjectPublicKeyInfo",
            RejectionReason.SignerNotFound,
            Good with
            {
                ResponderId = ForgedResponse.ByKey(SHA1.HashData(Pki.Issuer.Key.PublicKeyInfo)),
            }
        );
        yield return Reject(
            "V8",
            "an empty name",
            RejectionReason.SignerNotFound,
            Good with
            {
                ResponderId = ForgedResponse.ByName([0x30, 0x00]),
            }
        );

        yield return Reject(
            "V7",
            "a signature with a bit flipped",
            RejectionReason.BadSignature,
            Good with
            {
                EditWhole = whole => Flip(whole[1, 0, 1, 0, 2]),
            }
        );
        yield return Reject(
            "V7",
            "a signature with a bit flipped, the issuer's certificate enclosed",
            RejectionReason.BadSignature,
            Good with
            {
                Certificates = [Pki.Issuer.Encoded],
                EditWhole = whole => Flip(whole[1, 0, 1, 0, 2]),
            }
        );
        yield return Reject(
            "V7",
            "a signature with a bit flipped, something enclosed that is not a certificate",
            RejectionReason.BadSignature,
            Good with
            {
                Certificates =
                [
                    [0x30, 0x02, 0x05, 0x00],
                ],
                EditWhole = whole => Flip(whole[1, 0, 1, 0, 2]),
            }
        );
        yield return Reject(
            "V8",
            "a key that nobody here has, something enclosed that is not a certificate",
            RejectionReason.SignerNotFound,
            Pki.Delegated with
            {
                Certificates =
                [
                    [0x30, 0x02, 0x05, 0x00],
                ],
            }
        );
        yield return Reject(
            "V7",
            "an empty signature",
            RejectionReason.BadSignature,
            Good with
            {
                EditWhole = whole => whole[1, 0, 1, 0, 2].Content = [0],
            }
        );
        yield return Reject(
            "V7",
            "a status changed after signing",
            RejectionReason.BadSignature,
            Good with
            {
                Entries = [Entry with { Status = ForgedEntry.Unknown }],
                EditWhole = whole => whole[1, 0, 1, 0, 0, 2, 0, 1].Tag = [0x80],
            }
        );
        yield return Reject(
            "V7",
            "a nextUpdate changed after signing",
            RejectionReason.BadSignature,
            Good with
            {
                EditWhole = whole => whole[1, 0, 1, 0, 0, 2, 0, 3, 0].Content = "20990101000000Z"u8.ToArray(),
            }
        );
        yield return Reject(
            "V7",
            "signed by another authority in the issuer's name",
            RejectionReason.BadSignature,
            Good with
            {
                SigningKey = Pki.Rival.Key,
            }
        );
        yield return Reject(
            "V7",
            "signed by the server in its delegate's name",
            RejectionReason.BadSignature,
            Pki.Delegated with
            {
                SigningKey = Pki.Server.Key,
            }
        );
    }

    private static byte[] NameOf(string commonName, UniversalTagNumber stringType)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSetOf())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("2.5.4.3");
            writer.WriteCharacterString(stringType, commonName);
        }

        return writer.Encode();
    }

    private static void Flip(DerNode node) => node.Content = Flipped(node.Content);
}
