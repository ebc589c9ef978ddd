using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing.Forge;

namespace OcspLab.Testing.Conformance;

public static partial class ConformanceTable
{
    private static IEnumerable<ConformanceCase> Times()
    {
        var now = Pki.Now;
        yield return Reject(
            "V16",
            "thisUpdate an hour ahead",
            RejectionReason.NotYetValid,
            Dated(now.AddHours(1), now.AddDays(1))
        );
        yield return Accept("V16", "thisUpdate three minutes ahead", Dated(now.AddMinutes(3), now.AddDays(1)));
        yield return Reject(
            "V17",
            "nextUpdate an hour ago",
            RejectionReason.Expired,
            Dated(now.AddDays(-1), now.AddHours(-1))
        );
        yield return Accept("V17", "nextUpdate three minutes ago", Dated(now.AddDays(-1), now.AddMinutes(-3)));
        yield return Reject(
            "V17",
            "nextUpdate before thisUpdate",
            RejectionReason.InvertedValidity,
            Dated(now.AddHours(-1), now.AddHours(-2))
        );
        yield return Accept(
            "V17",
            "nextUpdate at the end of time",
            Dated(now.AddHours(-1), new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero))
        );
        yield return Reject(
            "V17",
            "thisUpdate and nextUpdate in the year 1",
            RejectionReason.Expired,
            Dated(DateTimeOffset.MinValue, DateTimeOffset.MinValue)
        );

        yield return Accept("V18", "no nextUpdate, an hour old", Dated(now.AddHours(-1), null));
        yield return Reject(
            "V18",
            "no nextUpdate, thirteen hours old",
            RejectionReason.TooOld,
            Dated(now.AddHours(-13), null)
        ) with
        {
            OpenSslDiffers = "it believes a response without nextUpdate for ever unless -status_age is given",
        };
        yield return Reject(
            "V18",
            "no nextUpdate, thirteen hours old, openssl told to look at the age",
            RejectionReason.TooOld,
            Dated(now.AddHours(-13), null)
        ) with
        {
            OpenSslArguments = ["-status_age", "43200"],
        };
        yield return Reject(
            "V18",
            "no nextUpdate under a strict policy",
            RejectionReason.NextUpdateMissing,
            Dated(now.AddHours(-1), null)
        ) with
        {
            Policy = new VerificationPolicy { MissingNextUpdate = MissingNextUpdate.Reject },
            OpenSslCannotJudge = "it has no such policy",
        };
        yield return Reject(
            "V18",
            "older than the policy's maximum age",
            RejectionReason.TooOld,
            Dated(now.AddHours(-3), now.AddDays(1))
        ) with
        {
            Policy = new VerificationPolicy { MaximumAge = TimeSpan.FromHours(2) },
            OpenSslArguments = ["-status_age", "7200"],
        };
        yield return Accept(
            "V18",
            "younger than the policy's maximum age",
            Dated(now.AddHours(-1), now.AddDays(1))
        ) with
        {
            Policy = new VerificationPolicy { MaximumAge = TimeSpan.FromHours(2) },
            OpenSslArguments = ["-status_age", "7200"],
        };

        var old = (Pki.Of("CN=old", Pki.Server.Key) with { NotAfter = now.AddDays(-2) }).Sign(Pki.Issuer);
        yield return Reject(
            "V19",
            "produced before the certificate",
            RejectionReason.ProducedOutsideValidity,
            Good with
            {
                ProducedAt = now.AddDays(-31),
            }
        ) with
        {
            OpenSslDiffers = ProducedAt,
        };
        yield return Reject(
            "V19",
            "produced an hour from now",
            RejectionReason.ProducedOutsideValidity,
            Good with
            {
                ProducedAt = now.AddHours(1),
            }
        ) with
        {
            OpenSslDiffers = ProducedAt,
        };
        yield return Reject(
            "V19",
            "produced after the certificate's end",
            RejectionReason.ProducedOutsideValidity,
            Good with
            {
                Entries =
                [
                    ForgedEntry.For(old, Pki.Issuer) with
                    {
                        ThisUpdate = Entry.ThisUpdate,
                        NextUpdate = Entry.NextUpdate,
                    },
                ],
            }
        ) with
        {
            Server = old,
            OpenSslDiffers = ProducedAt,
        };
        yield return Accept("V19", "produced long before now", Good with { ProducedAt = now.AddDays(-20) });
    }

    private static ForgedResponse Dated(DateTimeOffset thisUpdate, DateTimeOffset? nextUpdate) =>
        Good with
        {
            Entries = [Entry with { ThisUpdate = thisUpdate, NextUpdate = nextUpdate }],
        };

    private const string ProducedAt =
        "it doesn't look at producedAt; a status from outside the certificate's validity is of some other time (RFC "
        + "6960 §2.4)";
}
