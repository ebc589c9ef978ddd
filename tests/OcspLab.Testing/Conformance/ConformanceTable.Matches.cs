using System.Security.Cryptography;
using OcspLab.Ocsp.Rejections;
using OcspLab.Testing.Forge;

namespace OcspLab.Testing.Conformance;

public static partial class ConformanceTable
{
    private static IEnumerable<ConformanceCase> Matches()
    {
        var other = Entry with { Serial = [0x2a] };
        var revoked = Entry with { Status = ForgedEntry.Revoked(Pki.Now.AddDays(-2), 1) };

        yield return Mismatch("another serial number", other);
        yield return Mismatch("another name hash", Entry with { NameHash = Flipped(Entry.NameHash) });
        yield return Mismatch("another key hash", Entry with { KeyHash = Flipped(Entry.KeyHash) });
        yield return Mismatch(
            "the serial number of another authority's certificate",
            ForgedEntry.For(Entry.Serial, Pki.Rival) with
            {
                ThisUpdate = Entry.ThisUpdate,
                NextUpdate = Entry.NextUpdate,
            }
        );
        yield return Mismatch(
            "an authority of the same name with another key",
            ForgedEntry.For(Entry.Serial, Pki.Impostor) with
            {
                ThisUpdate = Entry.ThisUpdate,
                NextUpdate = Entry.NextUpdate,
            }
        );
        yield return Mismatch(
            "SHA-1 hashes that are called SHA-256",
            Entry with
            {
                HashOid = "2.16.840.1.101.3.4.2.1",
            },
            "-sha256"
        );
        yield return Mismatch(
            "hashes by an algorithm that nobody knows",
            Entry with
            {
                HashOid = "1.3.6.1.4.1.99999.2",
            }
        );
        yield return Mismatch(
            "one authority's name hash with another's key hash",
            Entry with
            {
                NameHash = ForgedEntry.For(Entry.Serial, Pki.Rival).NameHash,
            }
        );
        yield return Mismatch("empty hashes", Entry with { NameHash = [], KeyHash = [] });
        yield return Mismatch("a serial number and an octet more", Entry with { Serial = [.. Entry.Serial, 0] });
        yield return Malformed(
            "V4",
            "a hash algorithm with parameters",
            Good with
            {
                EditSigned = data => data[2, 0, 0, 0].Children![1] = DerNode.Primitive(0x02, 0x00),
            }
        ) with
        {
            OpenSslDiffers = "it compares the algorithm alone; RFC 5754 §2 gives these hashes no parameters",
        };
        yield return Mismatch("the serial number cut by one octet", Entry with { Serial = Entry.Serial[..^1] });
        yield return Reject("V6", "no entry at all", RejectionReason.CertIdMismatch, Good with { Entries = [] });

        foreach (
            var (hash, option) in ((HashAlgorithmName, string)[])
                [
                    (HashAlgorithmName.SHA1, "-sha1"),
                    (HashAlgorithmName.SHA256, "-sha256"),
                    (HashAlgorithmName.SHA384, "-sha384"),
                    (HashAlgorithmName.SHA512, "-sha512"),
                ]
        )
        {
            var entry = ForgedEntry.For(Pki.Server, Pki.Issuer, hash) with
            {
                ThisUpdate = Entry.ThisUpdate,
                NextUpdate = Entry.NextUpdate,
            };
            yield return Accept("V4", $"a CertID by {hash.Name}", Good with { Entries = [entry] }) with
            {
                OpenSslArguments = [option],
            };
        }

        yield return Accept(
            "V4",
            "a hash algorithm without its NULL",
            Good with
            {
                EditSigned = data => data[2, 0, 0, 0].Children!.RemoveAt(1),
            }
        );
        yield return Accept(
            "V4",
            "the right entry among others",
            Good with
            {
                Entries = [other, Entry, other with { Serial = [0x2b] }],
            }
        );

        yield return Worst("good, then revoked", "revoked", Entry, revoked);
        yield return Worst("revoked, then good", "revoked", revoked, Entry) with
        {
            OpenSslDiffers = null,
        };
        yield return Worst("good, then unknown", "unknown", Entry, Entry with { Status = ForgedEntry.Unknown });
        yield return Worst("unknown, then revoked", "revoked", Entry with { Status = ForgedEntry.Unknown }, revoked);
        yield return Worst(
            "good by SHA-1, revoked by SHA-256",
            "revoked",
            Entry,
            ForgedEntry.For(Pki.Server, Pki.Issuer, HashAlgorithmName.SHA256) with
            {
                Status = revoked.Status,
                ThisUpdate = Entry.ThisUpdate,
                NextUpdate = Entry.NextUpdate,
            }
        );
        yield return Worst(
            "good, then revoked and outdated",
            RejectionReason.Expired.ToSnakeCase(),
            Entry,
            revoked with
            {
                ThisUpdate = Pki.Now.AddDays(-9),
                NextUpdate = Pki.Now.AddDays(-8),
            }
        );
        var stale = Entry with { ThisUpdate = Pki.Now.AddDays(-9), NextUpdate = Pki.Now.AddDays(-8) };
        yield return Worst("good, then good and outdated", RejectionReason.Expired.ToSnakeCase(), Entry, stale);
        yield return Worst("good and outdated, then good", RejectionReason.Expired.ToSnakeCase(), stale, Entry) with
        {
            OpenSslDiffers = null,
        };
        yield return Worst("good twice", "good", Entry, Entry) with
        {
            OpenSslDiffers = null,
        };
    }

    private static ConformanceCase Mismatch(string name, ForgedEntry entry, params string[] openSslArguments) =>
        Reject("V4", name, RejectionReason.CertIdMismatch, Good with { Entries = [entry] }) with
        {
            OpenSslArguments = openSslArguments,
        };

    private static ConformanceCase Worst(string name, string expected, params ForgedEntry[] entries) =>
        Accept("V5", $"two entries: {name}", Good with { Entries = entries }, expected) with
        {
            OpenSslDiffers =
                "it takes the first entry that matches; of several the worst is the safe one, and of equals all "
                + "must hold",
        };

    private static byte[] Flipped(byte[] bytes) => [.. bytes[..^1], (byte)(bytes[^1] ^ 1)];
}
