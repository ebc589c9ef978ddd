namespace OcspLab.Stapling;

/// <summary>What the engine holds. Thread-safe.</summary>
public interface IStaplingStatus
{
    /// <summary>One entry a certificate, in the order in which they were met.</summary>
    IReadOnlyList<StapleStatus> Staples { get; }
}
