namespace OcspLab.Lab.Topology;

/// <summary>Whether <c>keep</c> runs in a lab.</summary>
public enum LabKeep
{
    /// <summary>It does not.</summary>
    Off,

    /// <summary>It does, and brings staples to an nginx of its own.</summary>
    On,
}
