using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing.Forge;

namespace OcspLab.Testing.Conformance;

public static partial class ConformanceTable
{
    private static readonly byte[] Nonce = [.. Enumerable.Range(0, 32).Select(octet => (byte)octet)];

    private static IEnumerable<ConformanceCase> Extensions()
    {
        yield return Critical(
            "an unknown critical extension of the response",
            Good with
            {
                Extensions = [ForgedExtension.Unknown(critical: true)],
            }
        );
        yield return Critical(
            "an unknown critical extension of the entry",
            Good with
            {
                Entries = [Entry with { Extensions = [ForgedExtension.Unknown(critical: true)] }],
            }
        );
        yield return Accept(
            "V20",
            "an unknown critical extension of another entry",
            Good with
            {
                Entries =
                [
                    Entry with
                    {
                        Serial = [0x2a],
                        Extensions = [ForgedExtension.Unknown(critical: true)],
                    },
                    Entry,
                ],
            }
        );
        yield return Accept(
            "V20",
            "unknown extensions that are not critical",
            Good with
            {
                Extensions = [ForgedExtension.Unknown(critical: false)],
                Entries = [Entry with { Extensions = [ForgedExtension.Unknown(critical: false)] }],
            }
        );
        yield return Accept(
            "V20",
            "extended-revoke, critical",
            Good with
            {
                Extensions = [new ForgedExtension("1.3.6.1.5.5.7.48.1.9", true, [0x05, 0x00])],
            }
        );
        yield return Accept(
            "V20",
            "an archive cutoff, critical",
            Good with
            {
                Entries =
                [
                    Entry with
                    {
                        Extensions =
                        [
                            new ForgedExtension(
                                "1.3.6.1.5.5.7.48.1.6",
                                true,
                                DerNode.Wrap(0x18, "20200101000000Z"u8.ToArray())
                            ),
                        ],
                    },
                ],
            }
        );
        yield return Accept(
            "V20",
            "a reason code, critical",
            Good with
            {
                Entries = [Entry with { Extensions = [new ForgedExtension("2.5.29.21", true, [0x0a, 0x01, 0x01])] }],
            }
        );
        yield return Accept(
            "V20",
            "timestamps of the certificate, critical",
            Good with
            {
                Entries =
                [
                    Entry with
                    {
                        Extensions = [new ForgedExtension("1.3.6.1.4.1.11129.2.4.5", true, [0x04, 0x02, 0x00, 0x00])],
                    },
                ],
            }
        );
        yield return Critical(
            "another issuer of the certificate, critical",
            Good with
            {
                Entries = [Entry with { Extensions = [new ForgedExtension("2.5.29.29", true, [0x30, 0x00])] }],
            }
        );
        yield return Malformed(
            "V20",
            "the same extension twice",
            Good with
            {
                Extensions = [ForgedExtension.Unknown(critical: false), ForgedExtension.Unknown(critical: false)],
            }
        ) with
        {
            OpenSslDiffers = "it takes the first; RFC 5280 §4.2 allows each once",
        };
        yield return Accept(
            "V20",
            "an extension whose critical FALSE is spelled out",
            Good with
            {
                Extensions = [ForgedExtension.Unknown(critical: false)],
                EditSigned = data => data[3, 0, 0].Children!.Insert(1, DerNode.Primitive(0x01, 0x00)),
            }
        );
        yield return Accept(
            "V20",
            "an empty list of extensions, as some responders send",
            Good with
            {
                Extensions = [],
            }
        );
        yield return Malformed(
            "V20",
            "65 extensions",
            Good with
            {
                Extensions =
                [
                    .. Enumerable
                        .Range(1, 65)
                        .Select(number => new ForgedExtension($"1.3.6.1.4.1.99999.{number}", false, [0x05, 0x00])),
                ],
            }
        ) with
        {
            OpenSslDiffers = "it has no limit; each extension is compared with all before it",
        };

        yield return Nonced(
            "V21",
            "the nonce that was sent",
            Good with
            {
                Extensions = [ForgedExtension.Nonce(Nonce)],
            }
        );
        yield return Nonced("V21", "no nonce where one was sent", Good);
        yield return Nonced(
            "V21",
            "another nonce than was sent",
            Good with
            {
                Extensions = [ForgedExtension.Nonce(Flipped(Nonce))],
            },
            RejectionReason.NonceMismatch
        );
        yield return Nonced(
            "V21",
            "the nonce that was sent and an octet more",
            Good with
            {
                Extensions = [ForgedExtension.Nonce([.. Nonce, 0])],
            },
            RejectionReason.NonceMismatch
        );
        yield return Nonced(
            "V21",
            "a nonce wrapped once only",
            Good with
            {
                Extensions = [ForgedExtension.Nonce(Nonce) with { Value = Nonce }],
            },
            RejectionReason.NonceMismatch
        );
        yield return Accept(
            "V22",
            "a nonce that nobody sent",
            Good with
            {
                Extensions = [ForgedExtension.Nonce(Nonce)],
            }
        );
        yield return Accept(
            "V22",
            "a broken nonce that nobody sent",
            Good with
            {
                Extensions = [ForgedExtension.Nonce(Nonce) with { Value = Nonce }],
            }
        );
        yield return Accept(
            "V22",
            "an empty nonce that nobody sent",
            Good with
            {
                Extensions = [ForgedExtension.Nonce([])],
            }
        );
    }

    private static ConformanceCase Critical(string name, ForgedResponse response) =>
        Reject("V20", name, RejectionReason.UnknownCriticalExtension, response) with
        {
            OpenSslDiffers =
                "it doesn't look at critical; what is critical and not understood must not be relied on (RFC 5280 "
                + "§4.2)",
        };

    private static ConformanceCase Nonced(
        string rule,
        string name,
        ForgedResponse response,
        RejectionReason? reason = null
    ) =>
        new(rule, name, response.Encode())
        {
            Expected = reason?.ToSnakeCase() ?? "good",
            Policy = new VerificationPolicy { Nonce = Nonce },
        };
}
