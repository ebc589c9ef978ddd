using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Verdicts;
using OcspLab.Lab;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signatures;
using OcspLab.Ocsp.Verification;
using OcspLab.Probe;

namespace OcspLab.Cli.Commands;

/// <summary><c>ocsplab verify</c>.</summary>
internal static class VerifyCommand
{
    private static readonly Option<FileInfo> Response = new("--response")
    {
        Description = "The response: DER, PEM or base64.",
        HelpName = "FILE",
        Required = true,
    };
    private static readonly Option<FileInfo> Issuer = new("--issuer")
    {
        Description = "The authority that issued the certificate in question.",
        HelpName = "FILE",
        Required = true,
    };
    private static readonly Option<FileInfo?> Certificate = new("--cert")
    {
        Description = "The certificate in question.",
        HelpName = "FILE",
    };
    private static readonly Option<byte[]?> Serial = Hex(
        "--serial",
        "Its serial number instead, in hexadecimal.",
        Digits.Any
    );
    private static readonly Option<DateTimeOffset?> At = Instant(
        "--at",
        "The instant to judge at, such as 2026-11-22T12:00:00Z (UTC where no zone is said). Default: now."
    );
    private static readonly Option<TimeSpan?> MaximumAge = Durations.Option(
        "--max-age",
        "The greatest age of thisUpdate that is believed. Default: nextUpdate decides; 12 hours where there is none."
    );
    private static readonly Option<TimeSpan?> Skew = Durations.Option(
        "--skew",
        "How far clocks may differ. Default: five minutes.",
        orNone: true
    );
    private static readonly Option<byte[]?> Nonce = Hex(
        "--nonce",
        "The nonce that was sent, in hexadecimal. A response without one is judged by its times.",
        Digits.InPairs
    );
    private static readonly Option<bool> AllowSha1 = new("--allow-sha1")
    {
        Description = "Believe signatures over SHA-1.",
    };
    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON document." };

    public static Command Create()
    {
        var command = new Command(
            "verify",
            "Judge a response that is at hand. With neither --cert nor --serial its only entry is judged."
        )
        {
            Response,
            Issuer,
            Certificate,
            Serial,
            At,
            MaximumAge,
            Skew,
            Nonce,
            AllowSha1,
            Json,
        }.WithHelp(
            """
            Exit codes: 0 good, 1 revoked, 2 unknown, 3 rejected, 64 wrong usage or a file that cannot be read.

            Examples:
              ocsplab verify --response staple.der --issuer intermediate.pem --cert server.pem
              ocsplab verify --response staple.der --issuer intermediate.pem --at 2026-11-22T12:00:00Z --json
            """
        );
        command.Validators.Add(result =>
        {
            if (
                result.GetResult(Skew) is { Tokens: [var skew] }
                && Durations.TryParse(skew.Value, out var allowed)
                && allowed > TimeSpan.FromDays(1)
            )
                result.AddError("--skew is at most a day, 1.00:00:00.");
            if (result.GetResult(Certificate) is not null && result.GetResult(Serial) is not null)
                result.AddError("Give --cert or --serial, not both.");
        });
        command.SetAction(arguments =>
        {
            var now = arguments.GetValue(At) ?? TimeProvider.System.GetUtcNow();
            var verdict = Judge(arguments, now);
            if (arguments.GetValue(Json))
                Console.Out.WriteLine(verdict.ToJson());
            else
                VerdictTable.Show(verdict, now);
            return ExitCodes.Of(verdict.Verdict);
        });
        return command;
    }

    private static StapleVerdict Judge(ParseResult arguments, DateTimeOffset now)
    {
        var response = InputFile.ReadResponse(arguments.GetRequiredValue(Response));
        using var issuer = InputFile.ReadCertificate(arguments.GetRequiredValue(Issuer));
        var policy = new VerificationPolicy
        {
            MaximumAge = arguments.GetValue(MaximumAge),
            ClockSkew = arguments.GetValue(Skew) ?? new VerificationPolicy().ClockSkew,
            Sha1Signatures = arguments.GetValue(AllowSha1) ? Sha1Signatures.DangerousAllow : Sha1Signatures.Reject,
        };
        // One who says how old is too old means a response without nextUpdate as well.
        if (policy.MaximumAge is { } maximumAge)
            policy = policy with { AgeWithoutNextUpdate = maximumAge };
        if (arguments.GetValue(Nonce) is { Length: > 0 } nonce)
            policy = policy with { Nonce = nonce };

        OcspSubject? subject;
        Rejection? rejection;
        try
        {
            if (!TryFindSubject(arguments, response, issuer, out subject, out rejection))
                return Rejected(rejection!, response);
        }
        catch (CryptographicException exception)
        {
            throw new LabException(exception.Message, LabFailure.Usage, exception);
        }

        return OcspVerifier.Verify(response, subject!, policy, now).TryGetStaple(out var staple, out rejection)
            ? StapleVerdict.Verified(staple)
            : Rejected(rejection, response);
    }

    private static StapleVerdict Rejected(Rejection rejection, byte[] response) =>
        StapleVerdict.Rejected(
            rejection.Reason == RejectionReason.Malformed && InputFile.Recognize(response) is { } instead
                ? rejection with
                {
                    Detail = $"{instead}: {rejection.Detail}",
                }
                : rejection
        );

    private static bool TryFindSubject(
        ParseResult arguments,
        byte[] response,
        X509Certificate2 issuer,
        out OcspSubject? subject,
        out Rejection? rejection
    )
    {
        subject = null;
        rejection = null;
        if (arguments.GetValue(Certificate) is { } file)
        {
            using var certificate = InputFile.ReadCertificate(file);
            if (!OcspSubject.TryFromCertificate(certificate, issuer, out subject))
                rejection = new Rejection(
                    RejectionReason.CertIdMismatch,
                    $"the certificate was issued by '{certificate.Issuer}', not by '{issuer.Subject}'"
                );
        }
        else if (arguments.GetValue(Serial) is { Length: > 0 } serial)
        {
            subject = OcspSubject.FromSerial(new BigInteger(serial, isUnsigned: true, isBigEndian: true), issuer);
        }
        else if (OcspResponse.TryDecode(response, out var decoded, out rejection))
        {
            // Without an entry that can be asked about the verifier says what is wrong: the responder's error, or whom
            // the entry is of.
            var entries = decoded.Basic?.Responses ?? [];
            // One certificate may stand there twice, by SHA-1 and by SHA-256.
            if (
                entries is [{ CertId: { } only }, ..]
                && entries.All(entry =>
                    entry.CertId is { } id && id.SerialNumber.Span.SequenceEqual(only.SerialNumber.Span)
                )
            )
                subject = OcspSubject.FromSerial(
                    new BigInteger(only.SerialNumber.Span, isUnsigned: false, isBigEndian: true),
                    issuer
                );
            else if (entries.Count <= 1)
                subject = OcspSubject.FromSerial(0, issuer);
            else
                rejection = new Rejection(
                    RejectionReason.Ambiguous,
                    $"entries for the serial numbers {Name(entries)}; say which with --cert or --serial"
                );
        }

        return subject is not null;
    }

    private static string Name(IReadOnlyList<SingleResponse> entries) =>
        string.Join(", ", entries.Take(MostNamed).Select(entry => entry.CertId?.ToString() ?? "(unknown hash)"))
        + (entries.Count > MostNamed ? $" and {entries.Count - MostNamed} more" : "");

    private static Option<byte[]?> Hex(string name, string description, Digits digitsWanted) =>
        Parsed<byte[]?>(
            name,
            description,
            "HEX",
            text =>
            {
                var digits = text.Replace(":", "", StringComparison.Ordinal);
                if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
                    digits = digits[2..];
                return
                    digits.Length > 0
                    && digits.All(char.IsAsciiHexDigit)
                    && (digitsWanted == Digits.Any || digits.Length % 2 == 0)
                    ? Convert.FromHexString(digits.Length % 2 == 0 ? digits : "0" + digits)
                    : null;
            }
        );

    private static Option<DateTimeOffset?> Instant(string name, string description) =>
        Parsed<DateTimeOffset?>(
            name,
            description,
            "INSTANT",
            text =>
                text is [_, _, _, _, '-', _, _, '-', ..]
                && DateTimeOffset.TryParse(
                    text,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var instant
                )
                    ? instant
                    : null
        );

    private static Option<T?> Parsed<T>(string name, string description, string helpName, Func<string, T?> parse) =>
        new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result => Parse(result, name, helpName, parse),
        };

    private static T? Parse<T>(ArgumentResult result, string name, string helpName, Func<string, T?> parse)
    {
        var text = result.Tokens[0].Value;
        if (parse(text) is { } value)
            return value;
        result.AddError($"{name} wants {helpName}, not '{text}'.");
        return default;
    }

    private const int MostNamed = 8;

    private enum Digits
    {
        Any,
        InPairs,
    }
}
