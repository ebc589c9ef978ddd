using System.ComponentModel.DataAnnotations;

namespace OcspLab.Keep.Settings;

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
