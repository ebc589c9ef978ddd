namespace OcspLab.Lab.Hosting;

/// <summary>A part of the lab as it now is.</summary>
/// <param name="Name">Its name in the topology.</param>
/// <param name="Address">Where it listens, or null.</param>
/// <param name="State">One word.</param>
/// <param name="Detail">How it is, for people.</param>
/// <param name="What">What it is, for people.</param>
public sealed record LabResource(string Name, string? Address, LabResourceState State, string Detail, string What = "")
{
    /// <summary>How it is and what it is, on one line.</summary>
    public string Description => string.Join("; ", ((string[])[Detail, What]).Where(part => part.Length > 0));
}

/// <summary>How a part of the lab is.</summary>
public enum LabResourceState
{
    /// <summary>Others come first.</summary>
    Waiting,

    /// <summary>It is coming up.</summary>
    Starting,

    /// <summary>It does what it is for.</summary>
    Ready,

    /// <summary>It runs, and something is missing.</summary>
    Degraded,

    /// <summary>It ended by itself.</summary>
    Ended,

    /// <summary>It is left out.</summary>
    Off,
}
