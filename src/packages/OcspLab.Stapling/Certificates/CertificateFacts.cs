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

    /// <summary>The host names that it is for, in lower case.</summary>
    public IReadOnlyList<string> HostNames { get; init; } = [];

    /// <summary>Whether it demands a staple (RFC 7633).</summary>
    public bool IsMustStaple { get; init; }

    /// <summary>The responders that it names.</summary>
    public IReadOnlyList<Uri> Urls { get; init; } = [];

    /// <summary>The certificate itself where its issuer is still to be found, or null.</summary>
    public IssuerlessCertificate? Issuerless { get; init; }

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
            var hosts = CertificateNames.HostsOf(certificate);
            facts = facts with
            {
                Title = CertificateNames.Describe(certificate),
                Names = [.. facts.Names, .. hosts],
                HostNames = [.. hosts.Select(name => name.ToLowerInvariant()).Distinct()],
                IsMustStaple = certificate.IsMustStaple(),
                Urls = certificate.GetOcspUrls(),
            };
            facts = facts with { Source = StapleSource.Select(facts.Urls, facts.Names, options) };
            facts = facts with { Outcome = facts.Source.OutcomeAtRest };
            logger.NothingWanted(facts.Title, facts.Source.Kind, facts.IsMustStaple, options.MustStaple);
            if (issuers.FindInMemory(certificate, atHand) is { } issuer)
                return facts with { Subject = OcspSubject.FromCertificate(certificate, issuer) };
            facts = facts with { Issuerless = new IssuerlessCertificate(certificate, Describe(certificate, atHand)) };
            return facts.Source.IsActive
                ? facts.Unusable("its issuer's certificate is being looked for") with
                {
                    Outcome = RefreshOutcome.Pending,
                }
                : facts;
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

/// <summary>A certificate whose issuer is still to be found.</summary>
internal sealed class IssuerlessCertificate
{
    private readonly byte[] _bytes;

    /// <param name="certificate">The certificate; its bytes are kept, its owner may dispose of it.</param>
    /// <param name="cameWith">The certificates that came with it, for people.</param>
    public IssuerlessCertificate(X509Certificate2 certificate, string cameWith)
    {
        _bytes = certificate.RawData;
        CameWith = cameWith;
    }

    /// <summary>The certificates that came with it, for people.</summary>
    public string CameWith { get; }

    /// <summary>The certificate, without its key.</summary>
    public X509Certificate2 Load() => X509CertificateLoader.LoadCertificate(_bytes);
}
