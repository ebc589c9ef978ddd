namespace OcspLab.Stapling.Kestrel;

/// <summary>What stapling this process can do.</summary>
internal enum StaplingMode
{
    /// <summary>Verified staples are handed to the runtime's handshakes.</summary>
    Verified,

    /// <summary>This runtime has changed inside: its own stapling stays in force.</summary>
    RuntimeOwn,

    /// <summary>The platform takes no staple from outside.</summary>
    Unsupported,
}
