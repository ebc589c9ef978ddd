namespace OcspLab.Stapling.Kestrel;

/// <summary>What stapling this process can do.</summary>
internal enum StaplingMode
{
    /// <summary>Verified staples are written into the contexts of the runtime's handshakes.</summary>
    Direct,

    /// <summary>Verified staples are what the runtime gets when it fetches by itself: public API only.</summary>
    ThroughRuntime,

    /// <summary>Kestrel has changed inside: the runtime's own stapling stays in force.</summary>
    RuntimeOwn,

    /// <summary>The platform takes no staple from outside.</summary>
    Unsupported,
}
