namespace OcspLab.LabConsole.Acting;

/// <summary>Something that can be done to the lab.</summary>
/// <param name="Name">In lower case with hyphens, unique.</param>
/// <param name="Label">The key of its text.</param>
/// <param name="Command">The command line that does the same.</param>
/// <param name="RunAsync">Does it, and says what came of it; throws <see cref="OcspLab.Lab.LabException"/>.</param>
public sealed record LabAction(
    string Name,
    string Label,
    string Command,
    Func<CancellationToken, Task<ActionOutcome>> RunAsync
)
{
    /// <summary>What fills the places in its text.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];
}

/// <summary>What came of it.</summary>
/// <param name="Words">For people, in English: it is what the tool says.</param>
/// <param name="Picture">A picture in PNG, or null.</param>
public sealed record ActionOutcome(string Words, ReadOnlyMemory<byte>? Picture = null);
