using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Certificates;

/// <summary>What there is to know of a certificate before anybody is asked about it.</summary>
internal sealed record CertificateFacts
{
    /// <summary>What people call it.</summary>
    public required string Title { get; init; }

    /// <summary>What the settings may call it.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>The responders that it names.</summary>
    public IReadOnlyList<Uri> Urls { get; init; } = [];

    /// <summary>Where its staples come from.</summary>
    public StapleSource Source { get; init; } = new(StapleSourceKind.Unusable, []);

    /// <summary>It and its issuer, or null where that is not at hand.</summary>
    public OcspSubject? Subject { get; init; }

    /// <summary>Why nothing is asked, or that nothing was yet.</summary>
    public RefreshOutcome Outcome { get; init; }

    /// <summary>More of it for people, or null.</summary>
    public string? Detail { get; init; }

    /// <summary>
    /// Reads a certificate, and says in the log why one has nothing to staple. Never throws for what is in it.
    /// </summary>
    public static CertificateFacts Read(
        X509Certificate2 certificate,
        IReadOnlyCollection<X509Certificate2> atHand,
        IssuerFinder issuers,
        StaplingOptions options,
        ILogger logger
    )
    {
        var facts = new CertificateFacts
        {
            Title = $"{certificate.Subject} (serial {certificate.SerialNumber.ToLowerInvariant()})",
            Names = [StapleSlot.KeyOf(certificate), certificate.Thumbprint],
        };
        try
        {
            facts = facts with
            {
                Title = CertificateNames.Describe(certificate),
                Names = CertificateNames.Of(certificate),
                Urls = certificate.GetOcspUrls(),
            };
            facts = facts with { Source = StapleSource.Select(facts.Urls, facts.Names, options) };
            switch (facts.Source.Kind)
            {
                case StapleSourceKind.None:
                    logger.NoUrl(facts.Title);
                    facts = facts with { Outcome = RefreshOutcome.NoResponder };
                    break;
                case StapleSourceKind.Off:
                    logger.TurnedOff(facts.Title);
                    facts = facts with { Outcome = RefreshOutcome.TurnedOff };
                    break;
            }

            if (issuers.Find(certificate, atHand) is { } issuer)
                return facts with { Subject = OcspSubject.FromCertificate(certificate, issuer) };
            // A self-signed certificate has no issuer to be revoked by, and names no responder.
            if (!facts.Source.IsActive)
                return facts;
            logger.NoIssuer(facts.Title, certificate.Issuer, Describe(certificate, atHand), Describe(options.Issuers));
            return facts.Unusable($"the issuer's certificate ('{certificate.Issuer}') is not at hand");
        }
        catch (Exception exception)
            when (exception is ArgumentException or CryptographicException or AsnContentException)
        {
            logger.Unusable(facts.Title, exception.Message);
            return facts.Unusable(exception.Message);
        }
    }

    // Where a person thinks that it is, and it is not.
    private static string Describe(X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand)
    {
        var others = atHand
            .Where(other => !other.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span))
            .Select(other => $"'{other.Subject}'")
            .Distinct()
            .Take(MostNamed)
            .ToArray();
        return others.Length == 0 ? "no other certificate" : string.Join(", ", others);
    }

    private static string Describe(IList<string> files) => files.Count == 0 ? "no file" : string.Join(", ", files);

    private const int MostNamed = 5;

    private CertificateFacts Unusable(string why) =>
        this with
        {
            Subject = null,
            Source = Source with { Kind = StapleSourceKind.Unusable },
            Outcome = RefreshOutcome.Unusable,
            Detail = why,
        };
}
