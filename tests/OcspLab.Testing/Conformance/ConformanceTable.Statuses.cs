using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Testing.Forge;

namespace OcspLab.Testing.Conformance;

public static partial class ConformanceTable
{
    private static IEnumerable<ConformanceCase> Statuses()
    {
        yield return Reject(
            "V1",
            "the responder answered malformedRequest",
            RejectionReason.MalformedRequest,
            OcspResponseBuilder.BuildError(OcspResponseStatus.MalformedRequest)
        );
        yield return Reject(
            "V1",
            "the responder answered internalError",
            RejectionReason.InternalError,
            OcspResponseBuilder.BuildError(OcspResponseStatus.InternalError)
        );
        yield return Reject(
            "V1",
            "the responder answered tryLater",
            RejectionReason.TryLater,
            OcspResponseBuilder.BuildError(OcspResponseStatus.TryLater)
        );
        yield return Reject(
            "V1",
            "the responder answered sigRequired",
            RejectionReason.SigRequired,
            OcspResponseBuilder.BuildError(OcspResponseStatus.SigRequired)
        );
        yield return Reject(
            "V1",
            "the responder answered unauthorized",
            RejectionReason.Unauthorized,
            OcspResponseBuilder.BuildError(OcspResponseStatus.Unauthorized)
        );
        yield return Reject(
            "V1",
            "status 4, which is not used",
            RejectionReason.UndefinedResponseStatus,
            [0x30, 0x03, 0x0a, 0x01, 0x04]
        );
        yield return Reject(
            "V1",
            "status 7, which is not defined",
            RejectionReason.UndefinedResponseStatus,
            [0x30, 0x03, 0x0a, 0x01, 0x07]
        );
        yield return Reject("V1", "a negative status", RejectionReason.Malformed, [0x30, 0x03, 0x0a, 0x01, 0xff]);
        yield return Reject(
            "V1",
            "a status with a superfluous octet",
            RejectionReason.Malformed,
            [0x30, 0x04, 0x0a, 0x02, 0x00, 0x03]
        );
        yield return Reject(
            "V1",
            "an error with a signed answer attached",
            RejectionReason.Malformed,
            Good with
            {
                EditWhole = whole => whole[0].Content = [(byte)OcspResponseStatus.TryLater],
            }
        );
        yield return Reject(
            "V1",
            "success without an answer",
            RejectionReason.Malformed,
            [0x30, 0x03, 0x0a, 0x01, 0x00]
        );
        yield return Reject(
            "V2",
            "another type of response",
            RejectionReason.UnsupportedResponseType,
            Good with
            {
                ResponseType = "1.3.6.1.5.5.7.48.1.99",
            }
        );

        yield return Accept(
            "V28",
            "unknown",
            Good with
            {
                Entries = [Entry with { Status = ForgedEntry.Unknown }],
            },
            "unknown"
        );
        foreach (var (reason, name) in ReasonsOfRevocation)
            yield return Accept(
                "V28",
                $"revoked, {name}",
                Good with
                {
                    Entries = [Entry with { Status = ForgedEntry.Revoked(Pki.Now.AddDays(-2), reason) }],
                },
                "revoked"
            );
        yield return Accept(
            "V28",
            "revoked in the future",
            Good with
            {
                Entries = [Entry with { Status = ForgedEntry.Revoked(Pki.Now.AddDays(2)) }],
            },
            "revoked"
        );
        yield return Reject(
            "V28",
            "revoked for a negative reason",
            RejectionReason.Malformed,
            Good with
            {
                Entries = [Entry with { Status = ForgedEntry.Revoked(Pki.Now.AddDays(-2), -1) }],
            }
        );
        yield return Reject(
            "V28",
            "revoked without a time",
            RejectionReason.Malformed,
            Good with
            {
                Entries = [Entry with { Status = [0xa1, 0x00] }],
            }
        );
    }

    private static IEnumerable<(int? Reason, string Name)> ReasonsOfRevocation =>
        [
            (null, "no reason given"),
            (0, "unspecified"),
            (1, "keyCompromise"),
            (6, "certificateHold"),
            (7, "the reason that is not used"),
            (8, "removeFromCRL"),
            (10, "aACompromise"),
            (42, "a reason of one octet that is not defined"),
            (200, "a reason of two octets that is not defined"),
        ];
}
