using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Signatures;
using Org.BouncyCastle.Cms;
using Polly;
using Polly.Timeout;

namespace OcspLab.Ocsp.Fetching;

/// <summary>
/// Downloads over the same transport as responses, with its name servers, proxy, deadlines and limits.
/// </summary>
internal sealed class IssuerClient(
    IHttpClientFactory clients,
    IOptionsMonitor<OcspClientOptions> options,
    TimeProvider clock
) : IIssuerClient
{
    public async Task<IssuerFetch> FetchAsync(X509Certificate2 certificate, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        var urls = UrlsOf(certificate);
        if (urls.Length == 0)
            return new IssuerFetch(null, "the certificate names no http URL to download it from");
        var settings = options.CurrentValue;
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
            catch (Exception exception)
                when (exception
                        is HttpRequestException
                            or IOException
                            or CryptographicException
                            or CmsException
                            or ExecutionRejectedException
                    || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                )
            {
                failures.Add(
                    $"{url}: "
                        + (
                            exception is OperationCanceledException or TimeoutRejectedException
                                ? "no answer in time"
                                : exception.GetBaseException().Message.TrimEnd('.')
                        )
                );
            }
        }

        return new IssuerFetch(null, string.Join("; ", failures));
    }

    // Not https, whose certificate would have to be checked in turn (RFC 5280 §8).
    private static Uri[] UrlsOf(X509Certificate2 certificate) =>
        [
            .. certificate
                .Extensions.OfType<X509AuthorityInformationAccessExtension>()
                .SelectMany(extension => extension.EnumerateCAIssuersUris())
                .Select(text => Uri.TryCreate(text, UriKind.Absolute, out var url) ? url : null)
                .OfType<Uri>()
                .Where(url => url.Scheme == Uri.UriSchemeHttp)
                .Take(MostUrls),
        ];

    private async Task<byte[]> DownloadAsync(Uri url, int limit, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(OcspClient.HttpClientName(""));
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
            .Take(MostCertificates)
            .Select(one => X509CertificateLoader.LoadCertificate(one.GetEncoded()));
    }

    private const int MostUrls = 4;
    private const int MostCertificates = 16;
}
