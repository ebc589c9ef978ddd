using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using OcspLab.Ocsp.Requests;

namespace OcspLab.Ocsp.Fetching;

/// <summary>
/// How responses are fetched. Changes at run time are taken up at the next fetch.
/// </summary>
[UnconditionalSuppressMessage(
    "Trimming",
    "IL2026",
    Justification = "The bounds are read by BoundsValidator, without a type converter."
)]
public sealed class OcspClientOptions
{
    /// <summary>
    /// <value>The deadline of one whole fetch: names, redirects, retries and every URL. 1 second to 10 minutes; default
    /// 30 seconds.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// <value>The deadline of one attempt. 100 milliseconds to 2 minutes; default 10 seconds.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:02:00")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// <value>How often a URL is tried again after a failure that may pass. 0 to 10; default 2.</value>
    /// </summary>
    [Range(0, 10)]
    public int Retries { get; set; } = 2;

    /// <summary><value>The largest response that is read, in bytes. 1 KiB to 16 MiB; default 64 KiB.</value></summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int MaximumResponseSize { get; set; } = 64 * 1024;

    /// <summary>
    /// <value>The hash of the CertID in requests. Default SHA-1, which every responder knows (RFC 9919 §3.1.1).</value>
    /// </summary>
    public CertIdHash CertIdHash { get; set; } = CertIdHash.Sha1;

    /// <summary>
    /// <value>Whether requests carry a nonce of 32 random octets. Default <see cref="RequestNonce.Omit"/>.</value>
    /// </summary>
    public RequestNonce Nonce { get; set; } = RequestNonce.Omit;

    /// <summary>
    /// <value>Whether a proxy is used when <see cref="Proxy"/> is not set. Default
    /// <see cref="ProxyUse.System"/>.</value>
    /// </summary>
    public ProxyUse ProxyUse { get; set; } = ProxyUse.System;

    /// <summary>
    /// <value>The proxy for every fetch, as an http, https, socks4, socks4a or socks5 URL; null to follow
    /// <see cref="ProxyUse"/>. Default null.</value>
    /// </summary>
    public Uri? Proxy { get; set; }

    /// <summary>
    /// <value>Name servers to ask for a responder's address, as <c>address</c> or <c>address:port</c>; empty for the
    /// system's. With any given, the system's proxy is not used, since it would look names up itself; the name of a
    /// <see cref="Proxy"/> is looked up here. Default empty.</value>
    /// </summary>
    public IList<string> Resolvers { get; } = [];

    /// <summary>
    /// <value>The deadline of one name look-up. 100 milliseconds to 1 minute; default 5 seconds.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan ResolverTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// <value>How long an address is kept whatever its time to live says; 0 keeps none, null obeys it. 0 to 1 day;
    /// default null.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan? ResolverValid { get; set; }
}

/// <summary>Whether requests carry a nonce (RFC 9654).</summary>
public enum RequestNonce
{
    /// <summary>
    /// None: a staple is shown to many clients, so freshness comes from its times, and the responder may answer from a
    /// cache.
    /// </summary>
    Omit,

    /// <summary>
    /// 32 random octets, sent by POST where the URL grows too long. A response with another nonce is rejected; one
    /// without falls back to time.
    /// </summary>
    Send,
}

/// <summary>Where the proxy comes from when none is named.</summary>
public enum ProxyUse
{
    /// <summary>The system's: environment variables (<c>HTTP_PROXY</c>, <c>NO_PROXY</c>) or its settings.</summary>
    System,

    /// <summary>None.</summary>
    Direct,
}
