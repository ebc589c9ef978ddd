namespace OcspLab.Lab.Topology;

/// <summary>Where nginx comes from.</summary>
public enum NginxSource
{
    /// <summary>Whatever works here; without nginx if nothing does.</summary>
    Auto,

    /// <summary>A container, or an error.</summary>
    Container,

    /// <summary>A process: from PATH, or unpacked without installing; or an error.</summary>
    Process,

    /// <summary>No nginx.</summary>
    Off,
}
