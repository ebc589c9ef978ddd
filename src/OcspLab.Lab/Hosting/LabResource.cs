namespace OcspLab.Lab;

/// <summary>A part of the lab as it now is.</summary>
/// <param name="Name">Its name in the topology.</param>
/// <param name="Address">Where it listens, or null.</param>
/// <param name="State">One word.</param>
/// <param name="Detail">One line for people.</param>
public sealed record LabResource(string Name, string? Address, LabResourceState State, string Detail);

/// <summary>How a part of the lab is.</summary>
public enum LabResourceState
{
    /// <summary>It does what it is for.</summary>
    Ready,

    /// <summary>It runs, and something is missing.</summary>
    Degraded,

    /// <summary>It is left out.</summary>
    Off,
}
