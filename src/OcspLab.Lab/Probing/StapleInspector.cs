using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp;

namespace OcspLab.Lab;

/// <summary>Judges what a handshake showed.</summary>
public static class StapleInspector
{
    /// <summary>Verifies the server certificate's staple against its issuer, which comes from the chain or from <paramref name="authorities"/>.</summary>
    /// <param name="handshake">The handshake.</param>
    /// <param name="authorities">Authorities that the caller trusts: with any given, the chain must lead to one of them. Empty to take the server's chain at its word.</param>
    /// <param name="now">The time.</param>
    public static StapleReport Inspect(TlsHandshake handshake, IReadOnlyList<X509Certificate2> authorities, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(handshake);
        ArgumentNullException.ThrowIfNull(authorities);
        var certificate = handshake.Certificates[0];
        var chain = handshake.Certificates.Zip(handshake.Staples, (entry, staple) =>
            new CertificateReport(entry.Subject, entry.SerialNumber.ToLowerInvariant(), entry.NotAfter.ToUniversalTime(), staple?.Length));
        return new StapleReport(
            new HandshakeReport(handshake.Protocol, handshake.Cipher, Math.Round(handshake.Duration.TotalMilliseconds, 1)),
            Judge(handshake, authorities, now),
            certificate.IsMustStaple(),
            [.. chain]);
    }

    private static StapleVerdict Judge(TlsHandshake handshake, IReadOnlyList<X509Certificate2> authorities, DateTimeOffset now)
    {
        if (handshake.Staples[0] is not { } staple)
            return StapleVerdict.Absent;
        var certificate = handshake.Certificates[0];
        if (authorities.Count > 0 && !LeadsTo(certificate, handshake.Certificates, authorities, now))
            return StapleVerdict.Rejected("untrusted_chain", "the server's certificate does not lead to an authority of --ca");
        var issuer = handshake.Certificates.Skip(1).Concat(authorities).FirstOrDefault(candidate => candidate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData));
        if (issuer is null)
            return StapleVerdict.Rejected("issuer_missing", $"the server did not send the certificate of '{certificate.Issuer}'; give it with --ca");
        return OcspVerifier.Verify(staple, OcspSubject.FromCertificate(certificate, issuer), new VerificationPolicy(), now).TryGetStaple(out var verified, out var rejection)
            ? StapleVerdict.Verified(verified)
            : StapleVerdict.Rejected(rejection);
    }

    private static bool LeadsTo(X509Certificate2 certificate, IEnumerable<X509Certificate2> sent, IEnumerable<X509Certificate2> authorities, DateTimeOffset now)
    {
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
        return chain.Build(certificate);
    }
}
