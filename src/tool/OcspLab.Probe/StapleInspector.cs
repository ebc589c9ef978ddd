using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Signatures;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Probe;

/// <summary>Judges what a handshake showed.</summary>
public static class StapleInspector
{
    /// <summary>
    /// Verifies the server certificate's staple against its issuer, which comes from the chain or from
    /// <paramref name="authorities"/>.
    /// </summary>
    /// <param name="handshake">The handshake.</param>
    /// <param name="authorities">
    /// Authorities that the caller trusts: with any given, the chain must lead to one of them. Empty to take the
    /// server's chain at its word.
    /// </param>
    /// <param name="now">The time.</param>
    public static StapleReport Inspect(
        TlsHandshake handshake,
        IReadOnlyList<X509Certificate2> authorities,
        DateTimeOffset now
    )
    {
        ArgumentNullException.ThrowIfNull(handshake);
        ArgumentNullException.ThrowIfNull(authorities);
        var certificate = handshake.Certificates[0];
        var chain = handshake.Certificates.Zip(handshake.Staples, CertificateReport.Of);
        var report = new StapleReport(
            new HandshakeReport(
                handshake.Protocol,
                handshake.Cipher,
                Math.Round(handshake.Duration.TotalMilliseconds, 1)
            ),
            Judge(handshake, authorities, now),
            certificate.IsMustStaple(),
            [.. chain]
        )
        {
            IsTrustChecked = authorities.Count > 0,
            IsForName = handshake.ServerName is not { } name || certificate.MatchesHostname(name),
        };
        return report with { Advice = StapleAdvice.Of(report, handshake, now) };
    }

    private static StapleVerdict Judge(
        TlsHandshake handshake,
        IReadOnlyList<X509Certificate2> authorities,
        DateTimeOffset now
    )
    {
        if (handshake.Staples[0] is not { } staple)
            return StapleVerdict.Absent;
        var certificate = handshake.Certificates[0];
        X509Certificate2? issuer;
        if (authorities.Count == 0)
            // A root is not sent: where it issued the certificate itself, this system may have it.
            issuer =
                handshake.Certificates.Skip(1).FirstOrDefault(certificate.IsIssuedBy)
                ?? certificate.FindIssuerInSystem();
        else if (!TryValidate(certificate, handshake.Certificates, authorities, now, out issuer))
            return StapleVerdict.Rejected(
                StapleVerdict.UntrustedChain,
                "the server's certificate does not lead to an authority of --ca"
            );
        if (issuer is null)
            return StapleVerdict.Rejected(
                StapleVerdict.IssuerMissing,
                $"the certificate of '{certificate.Issuer}' is neither sent nor known here; give it with --ca"
            );
        try
        {
            return OcspVerifier
                .Verify(staple, OcspSubject.FromCertificate(certificate, issuer), new VerificationPolicy(), now)
                .TryGetStaple(out var verified, out var rejection)
                ? StapleVerdict.Verified(verified)
                : StapleVerdict.Rejected(rejection);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            // What the server sent is a certificate to the platform and nothing that can be read closely.
            return StapleVerdict.Rejected(new Rejection(RejectionReason.Malformed, exception.Message));
        }
    }

    // The issuer out of the validated chain, not the first one with its name: a server may send what it likes.
    private static bool TryValidate(
        X509Certificate2 certificate,
        IEnumerable<X509Certificate2> sent,
        IEnumerable<X509Certificate2> authorities,
        DateTimeOffset now,
        out X509Certificate2? issuer
    )
    {
        issuer = null;
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        foreach (var authority in authorities)
        {
            chain.ChainPolicy.CustomTrustStore.Add(authority);
            chain.ChainPolicy.ExtraStore.Add(authority);
        }

        foreach (var other in sent.Skip(1))
            chain.ChainPolicy.ExtraStore.Add(other);
        if (!chain.Build(certificate))
            return false;
        issuer =
            chain.ChainElements.Count > 1
                ? X509CertificateLoader.LoadCertificate(chain.ChainElements[1].Certificate.RawDataMemory.Span)
                : null;
        return true;
    }
}
