namespace OcspLab.Site;

/// <summary>What the sample site needs beyond Kestrel's own settings. Bound from the section <c>Site</c>.</summary>
public sealed class SiteOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Site";

    /// <summary><value>Who staples. Default <see cref="SiteStapling.Verified"/>.</value></summary>
    public SiteStapling Stapling { get; set; } = SiteStapling.Verified;

    /// <summary><value>A file whose first line is the password of the certificate's key, or null.</value></summary>
    public string? PasswordFile { get; set; }

    /// <summary>
    /// <value>For <see cref="SiteStapling.BuiltIn"/>: the responder's host name in the certificate, or null.</value>
    /// </summary>
    public string? ResponderHost { get; set; }

    /// <summary><value>
    /// For <see cref="SiteStapling.BuiltIn"/>: where the responder really is, because the runtime's fetch knows only
    /// the system's resolver; or null.
    /// </value></summary>
    public Uri? ResponderAddress { get; set; }

    /// <summary>
    /// <value>For <see cref="SiteStapling.Verified"/>: the Redis that keeps the staples for all instances, or
    /// null.</value>
    /// </summary>
    public string? Redis { get; set; }

    /// <summary>
    /// <value>For <see cref="SiteStapling.Verified"/>: the connection string of the PostgreSQL that keeps them, or
    /// null.</value>
    /// </summary>
    public string? PostgreSql { get; set; }
}

/// <summary>The ways of stapling that the lab compares.</summary>
public enum SiteStapling
{
    /// <summary>This project's library.</summary>
    Verified,

    /// <summary>.NET's own.</summary>
    BuiltIn,

    /// <summary>Nobody: no handshake has a staple.</summary>
    Off,
}
