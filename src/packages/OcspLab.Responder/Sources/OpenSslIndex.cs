using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Responder.Sources;

/// <summary>
/// The database of <c>openssl ca</c>, index.txt: a line a certificate, six fields between tabs (status, end of
/// validity, revocation, serial number, file, subject). Immutable.
/// </summary>
internal sealed class OpenSslIndex
{
    private readonly Dictionary<string, SourceStatus> _certificates = [];
    private readonly Dictionary<string, DateTimeOffset> _ends = [];

    private OpenSslIndex() { }

    public int Count => _certificates.Count;

    public SourceStatus? Find(string serialNumber) => _certificates.GetValueOrDefault(serialNumber);

    /// <summary>
    /// The certificates about which another index says something else, or about which only one says anything.
    /// </summary>
    public IReadOnlyCollection<string> DifferencesTo(OpenSslIndex other) =>
        [
            .. _certificates.Where(entry => other.Find(entry.Key) != entry.Value).Select(entry => entry.Key),
            .. other._certificates.Keys.Where(serial => !_certificates.ContainsKey(serial)),
        ];

    /// <summary>The certificates that have not expired, or of which the end cannot be read.</summary>
    public IReadOnlyCollection<string> ValidAt(DateTimeOffset now) =>
        [.. _certificates.Keys.Where(serial => !_ends.TryGetValue(serial, out var end) || end > now)];

    /// <summary>Reads all of it, or nothing: half a list would call what is missing "never issued".</summary>
    public static bool TryParse(
        TextReader text,
        [NotNullWhen(true)] out OpenSslIndex? index,
        [NotNullWhen(false)] out string? fault
    )
    {
        index = new OpenSslIndex();
        fault = null;
        for (var number = 1; text.ReadLine() is { } line; number++)
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            fault = index.Add(line.TrimEnd('\r').Split('\t'));
            if (fault is null)
                continue;
            fault = $"line {number}: {fault}";
            index = null;
            return false;
        }

        return true;
    }

    /// <summary>The certificates of an index.txt, to be registered elsewhere; a name is the subject.</summary>
    /// <exception cref="FormatException">It is none; the message names the line.</exception>
    public static IReadOnlyList<RegisteredCertificate> ReadCertificates(TextReader text, DateTimeOffset now)
    {
        var content = text.ReadToEnd();
        if (!TryParse(new StringReader(content), out var index, out var fault))
            throw new FormatException(fault);
        var certificates = new Dictionary<string, RegisteredCertificate>();
        foreach (var line in content.Split('\n').Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line.TrimEnd('\r').Split('\t') is not { Length: Fields } fields)
                continue;
            var serial = SerialNumbers.Read(fields[3])!;
            var known = index.Find(serial)!;
            certificates[serial] = new RegisteredCertificate(
                fields[5].Length <= LongestName ? fields[5] : fields[5][..LongestName],
                serial,
                now,
                index._ends.GetValueOrDefault(serial, now)
            )
            {
                RevokedAt = known.Status.RevokedAt,
                Reason = known.Status.Kind == CertStatusKind.Revoked ? known.Status.Reason : null,
                InvalidSince = known.InvalidSince,
            };
        }

        return [.. certificates.Values];
    }

    private string? Add(string[] fields)
    {
        if (fields.Length != Fields)
            return $"{fields.Length} fields between tabs instead of {Fields}";
        if (SerialNumbers.Read(fields[3]) is not { } serial)
            return $"'{fields[3]}' is not a serial number";
        if (TimeOf(fields[1]) is { } end)
            _ends[serial] = end;
        switch (fields[0])
        {
            // E is V after its end (openssl ca -updatedb): not revoked.
            case "V" or "E":
                // A serial number stands twice where two authorities share the file; then the worse status is said.
                _certificates.TryAdd(serial, new SourceStatus(CertStatus.Good));
                return null;
            case "R":
                return RevocationOf(fields[2]) is { } revoked
                    ? Set(serial, revoked)
                    : $"'{fields[2]}' is not a revocation";
            default:
                return $"'{fields[0]}' is not a status; V, R and E are";
        }
    }

    private string? Set(string serial, SourceStatus status)
    {
        _certificates[serial] = status;
        return null;
    }

    // time[,reason[,argument]]
    private static SourceStatus? RevocationOf(string text)
    {
        var parts = text.Split(',');
        if (TimeOf(parts[0]) is not { } at || StatusOf(at, parts.ElementAtOrDefault(1)) is not { } status)
            return null;
        return new SourceStatus(status)
        {
            ChangedAt = at,
            InvalidSince = parts is [_, "keyTime" or "CAkeyTime", var since, ..] ? TimeOf(since) : null,
        };
    }

    private static CertStatus? StatusOf(DateTimeOffset at, string? reason) =>
        reason switch
        {
            null => CertStatus.Revoked(at),
            "unspecified" => CertStatus.Revoked(at, RevocationReason.Unspecified),
            "keyCompromise" or "keyTime" => CertStatus.Revoked(at, RevocationReason.KeyCompromise),
            "CACompromise" or "CAkeyTime" => CertStatus.Revoked(at, RevocationReason.CaCompromise),
            "affiliationChanged" => CertStatus.Revoked(at, RevocationReason.AffiliationChanged),
            "superseded" => CertStatus.Revoked(at, RevocationReason.Superseded),
            "cessationOfOperation" => CertStatus.Revoked(at, RevocationReason.CessationOfOperation),
            "certificateHold" or "holdInstruction" => CertStatus.Revoked(at, RevocationReason.CertificateHold),
            // No reason to revoke (RFC 5280 §5.3.1); but the line says that it is.
            "removeFromCRL" => CertStatus.Revoked(at),
            _ => null,
        };

    // UTCTime or GeneralizedTime, always in UTC.
    private static DateTimeOffset? TimeOf(string text)
    {
        // RFC 5280 §4.1.2.5.1: years from 50 are of the 20th century.
        if (
            text.Length == "YYMMDDHHMMSSZ".Length
            && int.TryParse(text.AsSpan(0, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var year)
        )
            text = (year >= 50 ? "19" : "20") + text;
        return DateTimeOffset.TryParseExact(
            text,
            "yyyyMMddHHmmss'Z'",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var at
        )
            ? at
            : null;
    }

    private const int Fields = 6;
    private const int LongestName = 200;
}
