using System.ComponentModel.DataAnnotations;

namespace OcspLab.Keep;

/// <summary>Whose staples are kept, and for whom. Bound from the section <c>Keep</c>.</summary>
public sealed class KeepOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Keep";

    /// <summary>The certificates, each under a name of one's own.</summary>
    public IDictionary<string, KeptCertificateOptions> Certificates { get; } =
        new Dictionary<string, KeptCertificateOptions>(StringComparer.Ordinal);

    /// <summary>
    /// <value>What makes a server read its files again, such as <c>nginx -s reload</c>; run by <c>/bin/sh</c> after
    /// files have changed, once for many of them. Null where nothing has to.</value>
    /// </summary>
    public string? Reload { get; set; }

    /// <summary>
    /// <value>What says beforehand whether a reload would succeed, such as <c>nginx -t</c>; null for nothing.</value>
    /// </summary>
    public string? Test { get; set; }

    /// <summary>
    /// <value>The shortest time between two reloads. 1 second to 1 hour; default 10 seconds. A reload that fails is
    /// tried again, later each time, up to every five minutes.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// <value>How long a command may take; then it is killed. 1 second to 10 minutes; default 1 minute.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// <value>How long a renewed certificate may wait for its first staple before it is taken up without. 0 to 1 day;
    /// default 1 hour. The former one is kept meanwhile.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan RenewalPatience { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// <value>Where questions about the kept certificates are answered over HTTP, with <c>/health</c> and
    /// <c>/metrics</c>: <c>127.0.0.1:8890</c>. Null for nowhere.</value>
    /// </summary>
    public string? Serve { get; set; }
}

/// <summary>A certificate, and who gets its staple.</summary>
public sealed record KeptCertificateOptions
{
    /// <summary>
    /// <value>PEM with the certificate first and its issuer, if it is there, after it. Read again when it
    /// changes.</value>
    /// </summary>
    public string Certificate { get; set; } = "";

    /// <summary>
    /// <value>The response in DER, as nginx's <c>ssl_stapling_file</c> and HAProxy's <c>.ocsp</c> have it; null for
    /// none. Removed while there is nothing to staple.</value>
    /// </summary>
    public string? StapleFile { get; set; }

    /// <summary>
    /// <value>A file for nginx to include that names <see cref="StapleFile"/>, and is empty while there is none: nginx
    /// does not start over a file that is missing. Null for none.</value>
    /// </summary>
    public string? NginxInclude { get; set; }

    /// <summary>
    /// <value>HAProxy's socket, <c>/run/haproxy/admin.sock</c> or <c>127.0.0.1:9999</c>, which is told of a new staple
    /// without a reload; null for none.</value>
    /// </summary>
    public string? HaproxySocket { get; set; }

    /// <summary>
    /// <value>What becomes of the answer that the certificate is revoked. Default
    /// <see cref="RevokedStaple.Give"/>.</value>
    /// </summary>
    public RevokedStaple Revoked { get; set; }

    /// <summary>
    /// <value>Run once when the certificate is found to be revoked, to renew it, say; null for nothing.</value>
    /// </summary>
    public string? OnRevoked { get; set; }

    /// <inheritdoc cref="KeepOptions.Reload"/>
    /// <remarks>Null, the default, for what is set for all.</remarks>
    public string? Reload { get; set; }
}

/// <summary>What servers get of a certificate that is revoked.</summary>
public enum RevokedStaple
{
    /// <summary>The answer: clients that check learn the truth.</summary>
    Give,

    /// <summary>Nothing.</summary>
    Withhold,
}
