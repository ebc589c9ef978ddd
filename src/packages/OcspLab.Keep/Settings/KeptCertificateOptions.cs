namespace OcspLab.Keep.Settings;

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
