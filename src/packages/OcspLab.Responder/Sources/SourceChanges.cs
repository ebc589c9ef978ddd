namespace OcspLab.Responder.Sources;

/// <summary>About which certificates others changed something. Immutable.</summary>
public sealed class SourceChanges
{
    private SourceChanges(IReadOnlyCollection<string>? serialNumbers) => SerialNumbers = serialNumbers;

    /// <summary>Nothing has changed.</summary>
    public static SourceChanges None { get; } = new([]);

    /// <summary>Any certificate's status may be another one.</summary>
    public static SourceChanges All { get; } = new(null);

    /// <summary>
    /// The serial numbers as INTEGER content octets in lower-case hexadecimal, or null for any of them.
    /// </summary>
    public IReadOnlyCollection<string>? SerialNumbers { get; }

    /// <summary>These have changed, and nothing else.</summary>
    /// <param name="serialNumbers">As INTEGER content octets in lower-case hexadecimal.</param>
    public static SourceChanges Of(IReadOnlyCollection<string> serialNumbers)
    {
        ArgumentNullException.ThrowIfNull(serialNumbers);
        return serialNumbers.Count == 0 ? None : new SourceChanges(serialNumbers);
    }
}
