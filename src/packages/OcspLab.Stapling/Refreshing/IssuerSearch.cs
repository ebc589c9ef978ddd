using System.Collections.Concurrent;
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
/// since, in the system, in the store, and where the certificate says (RFC 5280 §4.2.2.1). Believes none whose key did
/// not sign it. One search at a time for an authority, so that its other certificates find what the first one
/// downloaded. Thread-safe.
/// </summary>
internal sealed class IssuerSearch(
    IServiceProvider clients,
    IssuerFinder finder,
    FileThreads threads,
    StapleArchive archive,
    IOptionsMonitor<StaplingOptions> options,
    TimeProvider clock
)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _searches = new(StringComparer.Ordinal);

    /// <summary>Looks in memory alone.</summary>
    public OcspSubject? FindInMemory(X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand) =>
        finder.FindInMemory(certificate, atHand) is { } issuer
            ? OcspSubject.FromCertificate(certificate, issuer)
            : null;

    /// <summary>Looks everywhere.</summary>
    /// <param name="slot">The certificate.</param>
    /// <param name="client">The name of the client to download with; empty for the general one.</param>
    /// <param name="stopping">Ends it.</param>
    public async Task<IssuerSearchResult> FindAsync(StapleSlot slot, string client, CancellationToken stopping)
    {
        using var certificate = slot.Facts.Issuerless!.Load();
        var search = _searches.GetOrAdd(certificate.Issuer, _ => new SemaphoreSlim(1));
        await search.WaitAsync(stopping).ConfigureAwait(false);
        try
        {
            return await FindAsync(slot, certificate, client, stopping).ConfigureAwait(false);
        }
        finally
        {
            search.Release();
        }
    }

    private async Task<IssuerSearchResult> FindAsync(
        StapleSlot slot,
        X509Certificate2 certificate,
        string client,
        CancellationToken stopping
    )
    {
        await ReadFilesAsync(stopping).ConfigureAwait(false);
        if (Find(certificate, []) is { } found)
            return new IssuerSearchResult(found, "");
        if (
            await archive.LoadIssuerAsync(slot.Key, stopping).ConfigureAwait(false) is { } stored
            && Find(certificate, [stored]) is { } before
        )
            return new IssuerSearchResult(before, "");
        var detail =
            $"the certificate of its issuer '{certificate.Issuer}' is not at hand. It came with "
            + $"{slot.Facts.Issuerless!.CameWith}; {Files()}; the system does not have it either";
        if (ClientOf(client) is not { } downloads)
            return new IssuerSearchResult(null, detail);
        var fetch = await downloads.FetchAsync(certificate, stopping).ConfigureAwait(false);
        if (fetch.Issuer is not { } issuer || Find(certificate, [issuer]) is not { } subject)
            return new IssuerSearchResult(null, $"{detail}; {fetch.Detail}");
        await archive.SaveIssuerAsync(slot.Key, issuer, stopping).ConfigureAwait(false);
        return new IssuerSearchResult(subject, "");
    }

    // Through the finder, so that all certificates of an authority share one object of it.
    private OcspSubject? Find(X509Certificate2 certificate, X509Certificate2[] atHand) =>
        finder.Find(certificate, atHand) is { } issuer ? OcspSubject.FromCertificate(certificate, issuer) : null;

    private async Task ReadFilesAsync(CancellationToken stopping)
    {
        if (options.CurrentValue.Issuers.Count == 0)
            return;
        using var timer = new CancellationTokenSource(FileTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stopping);
        try
        {
            await threads
                .Threads.RunAsync(
                    _ =>
                    {
                        finder.ReadFiles();
                        return ValueTask.FromResult(true);
                    },
                    either.Token
                )
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // A drive that hangs: what was read before still holds.
        }
    }

    private IIssuerClient? ClientOf(string name) =>
        name.Length == 0 ? clients.GetService<IIssuerClient>() : clients.GetKeyedService<IIssuerClient>(name);

    private string Files() =>
        options.CurrentValue.Issuers is { Count: > 0 } named
            ? $"OcspStapling:Issuers has {string.Join(", ", named)}"
            : "OcspStapling:Issuers has no file";

    private static readonly TimeSpan FileTimeout = TimeSpan.FromSeconds(5);
}

/// <summary>What a search for an issuer came to.</summary>
/// <param name="Subject">The certificate with its issuer, or null.</param>
/// <param name="Detail">Where it was looked for in vain, for people.</param>
internal sealed record IssuerSearchResult(OcspSubject? Subject, string Detail);
