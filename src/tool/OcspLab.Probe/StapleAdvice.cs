using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Rejections;

namespace OcspLab.Probe;

/// <summary>What to do about what a handshake showed.</summary>
public static class StapleAdvice
{
    /// <summary>Advice, the most urgent first; empty when all is well.</summary>
    /// <param name="report">What was seen and judged.</param>
    /// <param name="handshake">The handshake behind it.</param>
    /// <param name="now">The time.</param>
    public static IReadOnlyList<string> Of(StapleReport report, TlsHandshake handshake, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(handshake);
        var certificate = handshake.Certificates[0];
        var responders = certificate.GetOcspUrls();
        var advice = new List<string>();
        switch (report.Staple.Verdict)
        {
            case StapleVerdictKind.Absent when report.MustStaple:
                advice.Add(
                    "The certificate demands a staple (RFC 7633) and there is none: Firefox and GnuTLS refuse this "
                        + "server. Turn stapling on, or ask for a certificate without the demand."
                );
                break;
            case StapleVerdictKind.Absent when responders.Count == 0:
                advice.Add(
                    "The certificate names no OCSP responder, as most public ones today: there is nothing to "
                        + "staple, and nothing to do."
                );
                break;
            case StapleVerdictKind.Absent:
                advice.Add(
                    $"The certificate names {responders[0]}, and the server staples nothing. Is stapling on, and "
                        + $"does the server reach the responder? nginx leaves out the first handshake of each "
                        + "worker: try again. It also staples nothing when the certificate is revoked."
                );
                break;
            case StapleVerdictKind.Revoked:
                advice.Add("The certificate is revoked. Replace it, and its key.");
                break;
            case StapleVerdictKind.Unknown:
                advice.Add(
                    "The responder does not know the certificate: it may be too new for it, or another authority's. "
                        + "A server should not staple this."
                );
                break;
            case StapleVerdictKind.Rejected when report.Staple.Reason is StapleVerdict.IssuerMissing:
                advice.Add(
                    $"--ca FILE names the certificate of '{certificate.Issuer}', which the staple is verified with. If "
                        + "that is a root, all is well: servers do not send roots. If it is an intermediate, the "
                        + "server leaves it out, and clients that do not have it fail."
                );
                break;
            case StapleVerdictKind.Rejected when report.Staple.Reason == RejectionReason.Expired.ToSnakeCase():
                advice.Add(
                    "The server staples an answer past its nextUpdate: it does not check at the handshake, and does "
                        + "not refresh. Clients that insist on a staple refuse it."
                );
                break;
            case StapleVerdictKind.Rejected:
                advice.Add("Clients that insist on a staple refuse this one, and others ignore it.");
                break;
            case StapleVerdictKind.Good
                when report.Staple is { ThisUpdate: { } from, NextUpdate: { } until }
                    && now > from + ((until - from) * LateShareOfLife):
                advice.Add(
                    "The staple is near its end. A server asks again at half of its life; this one may have lost "
                        + "its responder."
                );
                break;
        }

        if (!report.IsForName)
            advice.Insert(
                0,
                $"The certificate is not for {handshake.ServerName}: clients refuse it, whatever is stapled."
            );
        if (certificate.NotAfter.ToUniversalTime() - now is var left && left < RenewalNotice)
            advice.Add(
                left < TimeSpan.Zero
                    ? "The certificate itself has expired."
                    : $"The certificate itself ends in {left.TotalDays:0} days."
            );
        return advice;
    }

    private const double LateShareOfLife = 0.9;
    private static readonly TimeSpan RenewalNotice = TimeSpan.FromDays(14);
}
