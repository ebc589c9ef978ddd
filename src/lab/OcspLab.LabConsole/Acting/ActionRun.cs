namespace OcspLab.LabConsole.Acting;

/// <summary>One thing that somebody wanted done, and what came of it.</summary>
public sealed class ActionRun(LabAction action)
{
    /// <summary>What was wanted.</summary>
    public LabAction Action => action;

    /// <summary>Whether it is being done. Before, it waits for what was wanted earlier.</summary>
    public bool IsUnderWay { get; internal set; }

    /// <summary>What came of it, or null.</summary>
    public ActionOutcome? Outcome { get; internal set; }

    /// <summary>Why it did not work, or null.</summary>
    public string? Failure { get; internal set; }

    /// <summary>Whether it was done, or did not work, or the page was left.</summary>
    public bool IsOver { get; internal set; }

    internal Task<bool> Completion { get; set; } = Task.FromResult(false);
}
