using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Signatures;
using Org.BouncyCastle.Cms;
using Polly.Timeout;

namespace OcspLab.Ocsp.Fetching;

/// <summary>
/// Downloads over the same transport as responses, with its name servers, proxy, deadlines and limits.
/// </summary>
internal sealed class IssuerClient(
    string name,
    IHttpClientFactory clients,
    IOptionsMonitor<OcspClientOptions> options,
    TimeProvider clock
) : IIssuerClient
{
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "What a stranger's server sends may make the decoders throw anything; the next URL is tried."
    )]
    public async Task<IssuerFetch> FetchAsync(X509Certificate2 certificate, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        var urls = UrlsOf(certificate);
        if (urls.Length == 0)
            return new IssuerFetch(null, "the certificate names no http URL to download it from");
        var settings = options.Get(name);
        using var timer = new CancellationTokenSource(settings.Timeout, clock);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var failures = new List<string>();
        foreach (var url in urls)
        {
            try
            {
                var bytes = await DownloadAsync(url, settings.MaximumResponseSize, deadline.Token)
                    .ConfigureAwait(false);
                if (Read(bytes).FirstOrDefault(certificate.IsIssuedBy) is { } issuer)
                    return new IssuerFetch(issuer, $"downloaded from {url}");
                failures.Add($"{url}: no certificate there has issued it");
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                var why = exception is OperationCanceledException or TimeoutRejectedException
                    ? "no answer in time"
                    : exception.GetBaseException().Message.TrimEnd('.');
                failures.Add($"{url}: {why}");
            }
        }

        return new IssuerFetch(null, string.Join("; ", failures));
    }

    // Not https, whose certificate would have to be checked in turn (RFC 5280 §8).
    private static Uri[] UrlsOf(X509Certificate2 certificate)
    {
        try
        {
            return
            [
                .. certificate
                    .Extensions.OfType<X509AuthorityInformationAccessExtension>()
                    .SelectMany(extension => extension.EnumerateCAIssuersUris())
                    .Select(text => Uri.TryCreate(text, UriKind.Absolute, out var url) ? url : null)
                    .OfType<Uri>()
                    .Where(url => url.Scheme == Uri.UriSchemeHttp)
                    .Take(MaximumUrls),
            ];
        }
        catch (CryptographicException)
        {
            return [];
        }
    }

    private async Task<byte[]> DownloadAsync(Uri url, int limit, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(OcspClient.HttpClientName(name));
        using var response = await client
            .GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        return bytes.Length > limit ? throw new IOException($"more than {limit} bytes") : bytes;
    }

    /// <summary>One certificate in DER, or a CMS message with nothing but certificates (RFC 5280 §4.2.2.1).</summary>
    private static IEnumerable<X509Certificate2> Read(byte[] bytes)
    {
        if (X509Certificate2.GetCertContentType(bytes) != X509ContentType.Pkcs7)
            return [X509CertificateLoader.LoadCertificate(bytes)];
        return new CmsSignedData(bytes)
            .GetCertificates()
            .EnumerateMatches(null)
            .Take(MaximumCertificates)
            .Select(one => X509CertificateLoader.LoadCertificate(one.GetEncoded()));
    }

    private const int MaximumUrls = 4;
    private const int MaximumCertificates = 16;
}
