using System.Text;
using OcspLab.Ocsp.Rejections;
using OcspLab.Testing.Forge;

namespace OcspLab.Testing.Conformance;

public static partial class ConformanceTable
{
    // Paths into an OCSPResponse: [1] responseBytes, [1,0,1] its OCTET STRING, [1,0,1,0] BasicOCSPResponse.
    private static IEnumerable<ConformanceCase> Encodings()
    {
        yield return Malformed("V3", "nothing at all", []);
        yield return Malformed(
            "V3",
            "a page of HTML",
            Encoding.ASCII.GetBytes("<html><body>502 Bad Gateway</body></html>")
        );
        yield return Malformed("V3", "the first half of a response", Good.Encode()[..(Good.Encode().Length / 2)]);
        yield return Malformed("V3", "an octet after the response", [.. Good.Encode(), 0]) with
        {
            OpenSslDiffers = TrailingBytes,
        };
        yield return Malformed(
            "V3",
            "a value more in OCSPResponse",
            Good with
            {
                EditWhole = whole => whole.Append(Null),
            }
        );
        yield return Malformed(
            "V3",
            "a value more in ResponseBytes",
            Good with
            {
                EditWhole = whole => whole[1, 0].Append(Null),
            }
        );
        yield return Malformed(
            "V3",
            "an octet after BasicOCSPResponse",
            Good with
            {
                EditWhole = whole => whole[1, 0, 1].Content = [.. whole[1, 0, 1, 0].Encode(), 0],
            }
        ) with
        {
            OpenSslDiffers = TrailingBytes,
        };
        yield return Malformed(
            "V3",
            "a value more in BasicOCSPResponse",
            Good with
            {
                EditWhole = whole => whole[1, 0, 1, 0].Append(Null),
            }
        );
        yield return Malformed(
            "V3",
            "a value more in ResponseData",
            Good with
            {
                EditSigned = data => data.Append(Null),
            }
        );
        yield return Malformed(
            "V3",
            "a value more in an entry",
            Good with
            {
                EditSigned = data => data[2, 0].Append(Null),
            }
        );
        yield return Malformed(
            "V3",
            "a value more in a CertID",
            Good with
            {
                EditSigned = data => data[2, 0, 0].Append(Null),
            }
        );
        yield return Malformed(
            "V3",
            "responseBytes under another tag",
            Good with
            {
                EditWhole = whole => whole[1].Tag = [0xa1],
            }
        );

        yield return Malformed(
            "V3",
            "BER: a length written long",
            Good with
            {
                EditWhole = whole => whole.Length = LengthForm.Overlong,
            }
        ) with
        {
            OpenSslDiffers = Ber,
        };
        yield return Malformed(
            "V3",
            "BER: a length left open",
            Good with
            {
                EditWhole = whole => whole.Length = LengthForm.Indefinite,
            }
        ) with
        {
            OpenSslDiffers = Ber,
        };
        yield return Malformed(
            "V3",
            "BER: the answer in two pieces",
            Good with
            {
                EditWhole = whole => whole[1, 0, 1].SplitInPieces(),
            }
        ) with
        {
            OpenSslDiffers = Ber,
        };
        yield return Malformed(
            "V3",
            "BER: true that is not FF",
            Good with
            {
                Extensions = [ForgedExtension.Unknown(critical: true)],
                EditSigned = data => data[3, 0, 0, 1].Content = [0x01],
            }
        ) with
        {
            OpenSslCannotJudge = "it passes over critical extensions anyway",
        };
        yield return Malformed(
            "V3",
            "BER: an open length inside the signed part",
            Good with
            {
                EditSigned = data => data[2].Length = LengthForm.Indefinite,
            }
        );
        yield return Malformed(
            "V3",
            "a serial with a superfluous octet",
            Good with
            {
                EditSigned = data => data[2, 0, 0, 3].Content = [0, .. Entry.Serial],
            }
        );
        yield return Malformed(
            "V3",
            "a signature of less than whole octets",
            Good with
            {
                EditWhole = whole => whole[1, 0, 1, 0, 2].Content[0] = 1,
            }
        );

        yield return Accept(
            "V3",
            "version v1 spelled out",
            Good with
            {
                EditSigned = data => data.Children!.Insert(0, DerNode.Primitive(0xa0, 0x02, 0x01, 0x00)),
            }
        );
        yield return Malformed(
            "V3",
            "version v2",
            Good with
            {
                EditSigned = data => data.Children!.Insert(0, DerNode.Primitive(0xa0, 0x02, 0x01, 0x01)),
            }
        ) with
        {
            OpenSslDiffers = "it doesn't look at the version; RFC 6960 §4.2.1 defines v1 only",
        };
        yield return Malformed(
            "V3",
            "a ResponderID that is neither a name nor a key",
            Good with
            {
                ResponderId = DerNode.Wrap(0xa3, [0x05, 0x00]),
            }
        );
        yield return Malformed(
            "V3",
            "a status that is none of the three",
            Good with
            {
                Entries = [Entry with { Status = [0x83, 0x00] }],
            }
        );
        yield return Malformed(
            "V3",
            "good with something in it",
            Good with
            {
                Entries = [Entry with { Status = [0x80, 0x01, 0x00] }],
            }
        );
        yield return Malformed(
            "V3",
            "thisUpdate as UTCTime",
            Good with
            {
                EditSigned = data => SetTime(data[2, 0, 2], 0x17, "yyMMddHHmmss'Z'"),
            }
        );
        yield return Malformed(
            "V3",
            "thisUpdate with a fraction",
            Good with
            {
                EditSigned = data => SetTime(data[2, 0, 2], 0x18, "yyyyMMddHHmmss'.5Z'"),
            }
        );
        yield return Malformed(
            "V3",
            "thisUpdate with an offset",
            Good with
            {
                EditSigned = data => SetTime(data[2, 0, 2], 0x18, "yyyyMMddHHmmss'+0000'"),
            }
        );
        yield return Malformed(
            "V3",
            "thisUpdate without seconds",
            Good with
            {
                EditSigned = data => SetTime(data[2, 0, 2], 0x18, "yyyyMMddHHmm'Z'"),
            }
        ) with
        {
            OpenSslDiffers = "it takes a time without seconds; RFC 5280 §4.1.2.5.2 wants YYYYMMDDHHMMSSZ",
        };
        yield return Malformed(
            "V3",
            "thisUpdate on 30 February",
            Good with
            {
                EditSigned = data => data[2, 0, 2].Content = "20260230000000Z"u8.ToArray(),
            }
        );
        yield return Malformed(
            "V3",
            "producedAt that is not a time",
            Good with
            {
                EditSigned = data => data[1].Content = "yesterday at six"u8.ToArray(),
            }
        ) with
        {
            OpenSslDiffers = "it doesn't read producedAt",
        };
        yield return Malformed(
            "V3",
            "an entry that is not a SEQUENCE",
            Good with
            {
                EditSigned = data => data[2].Append(Null),
            }
        );
    }

    private static ConformanceCase Malformed(string rule, string name, ForgedResponse response) =>
        Reject(rule, name, RejectionReason.Malformed, response);

    private static ConformanceCase Malformed(string rule, string name, byte[] response) =>
        Reject(rule, name, RejectionReason.Malformed, response);

    private static void SetTime(DerNode time, byte tag, string format)
    {
        time.Tag = [tag];
        time.Content = Encoding.ASCII.GetBytes(
            Pki.Now.AddHours(-1).ToString(format, System.Globalization.CultureInfo.InvariantCulture)
        );
    }

    private static DerNode Null => DerNode.Primitive(0x05);

    private const string Ber = "it reads BER; RFC 6960 §4.2.1 wants DER";
    private const string TrailingBytes =
        "it stops reading at the end of the value; what follows is not part of an OCSPResponse";
}
