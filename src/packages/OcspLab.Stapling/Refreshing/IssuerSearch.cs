using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Requests;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Storage;

namespace OcspLab.Stapling.Refreshing;

/// <summary>
/// Looks for the issuer of a certificate that came without: in the files of the settings, which may have been mended
/// since, in the store, and where the certificate says (RFC 5280 §4.2.2.1). Believes none whose key did not sign it.
/// </summary>
internal sealed class IssuerSearch(
    IServiceProvider clients,
    IssuerFinder finder,
    StapleArchive archive,
    IOptionsMonitor<StaplingOptions> options
)
{
    /// <summary>Looks among those at hand alone.</summary>
    public OcspSubject? Find(X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand) =>
        finder.Find(certificate, atHand) is { } issuer ? OcspSubject.FromCertificate(certificate, issuer) : null;

    /// <returns>The certificate with its issuer, or null and where it was looked for in vain.</returns>
    public async Task<(OcspSubject? Subject, string Detail)> FindAsync(StapleSlot slot, CancellationToken stopping)
    {
        using var certificate = slot.Facts.Orphan!.Load();
        finder.ReadFiles();
        if (Find(certificate, []) is { } found)
            return (found, "");
        if (
            await archive.LoadIssuerAsync(slot.Key, stopping).ConfigureAwait(false) is { } stored
            && Find(certificate, [stored]) is { } before
        )
            return (before, "");
        var detail =
            $"the certificate of its issuer '{certificate.Issuer}' is not at hand. It came with "
            + $"{slot.Facts.Orphan.CameWith}; {Files()}; the system does not have it either";
        if (clients.GetService<IIssuerClient>() is not { } client)
            return (null, detail);
        var fetch = await client.FetchAsync(certificate, stopping).ConfigureAwait(false);
        if (fetch.Issuer is not { } issuer || Find(certificate, [issuer]) is not { } subject)
            return (null, $"{detail}; {fetch.Detail}");
        await archive.SaveIssuerAsync(slot.Key, issuer, stopping).ConfigureAwait(false);
        return (subject, "");
    }

    private string Files() =>
        options.CurrentValue.Issuers is { Count: > 0 } named
            ? $"OcspStapling:Issuers has {string.Join(", ", named)}"
            : "OcspStapling:Issuers has no file";
}
