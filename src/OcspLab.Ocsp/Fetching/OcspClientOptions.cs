using System.ComponentModel.DataAnnotations;

namespace OcspLab.Ocsp;

/// <summary>How responses are fetched.</summary>
public sealed class OcspClientOptions
{
    /// <summary><value>The deadline of one whole fetch: names, redirects, retries and every URL. 1 second to 10 minutes; default 30 seconds.</value></summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary><value>The deadline of one attempt. 100 milliseconds to 2 minutes; default 10 seconds.</value></summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:02:00")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary><value>How often a URL is tried again after a failure that may pass. 0 to 10; default 2.</value></summary>
    [Range(0, 10)]
    public int Retries { get; set; } = 2;

    /// <summary><value>The largest response that is read, in bytes. 1 KiB to 16 MiB; default 64 KiB.</value></summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int MaximumResponseSize { get; set; } = 64 * 1024;

    /// <summary><value>The hash of the CertID in requests. Default SHA-1, which every responder knows (RFC 9919 §3.1.1).</value></summary>
    public CertIdHash CertIdHash { get; set; } = CertIdHash.Sha1;

    /// <summary>
    /// <value>Name servers to ask for a responder's address, as <c>address</c> or <c>address:port</c>; empty for the system's.
    /// With any given, fetches connect directly: a proxy would do its own look-up. Default empty.</value>
    /// </summary>
    public IList<string> Resolvers { get; } = [];

    /// <summary><value>The deadline of one name look-up. 100 milliseconds to 1 minute; default 5 seconds.</value></summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan ResolverTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary><value>How long an address is kept whatever its time to live says, or null to obey that. 0 to 1 day; default null.</value></summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan? ResolverValid { get; set; }
}
