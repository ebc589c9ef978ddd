namespace OcspLab.Lab.Topology;

/// <summary>Whether a lab has a page on which one watches it.</summary>
public enum LabPage
{
    /// <summary>It has none.</summary>
    Off,

    /// <summary>It has.</summary>
    On,
}
