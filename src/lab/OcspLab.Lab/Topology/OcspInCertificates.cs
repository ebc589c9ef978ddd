namespace OcspLab.Lab.Topology;

/// <summary>Whether the lab's certificates carry the responder's URL.</summary>
public enum OcspInCertificates
{
    /// <summary>They do.</summary>
    Yes,

    /// <summary>They do not, as most public certificates today.</summary>
    No,
}
