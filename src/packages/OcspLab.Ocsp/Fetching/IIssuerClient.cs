using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Ocsp.Fetching;

/// <summary>Downloads the certificates of issuers from where certificates say that they are. Thread-safe.</summary>
public interface IIssuerClient
{
    /// <summary>
    /// Downloads the certificate of the issuer from the http URLs of the certificate's authority information access
    /// extension (caIssuers, RFC 5280 §4.2.2.1), and believes it only if its key made the certificate's signature.
    /// </summary>
    /// <param name="certificate">The certificate whose issuer is missing.</param>
    /// <param name="cancellationToken">Ends the download.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled. Failures of the network are values.
    /// </exception>
    Task<IssuerFetch> FetchAsync(X509Certificate2 certificate, CancellationToken cancellationToken);
}

/// <summary>What came of a download.</summary>
/// <param name="Issuer">The issuer's certificate, or null.</param>
/// <param name="Detail">For people: where it came from, or why there is none.</param>
public sealed record IssuerFetch(X509Certificate2? Issuer, string Detail);
