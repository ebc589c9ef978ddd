namespace OcspLab.Comparison.Planning;

/// <summary>Where one part of a comparison says what it is at.</summary>
/// <param name="say">Is told.</param>
/// <param name="later">About how long the parts after it will take: what is told to be left is of the whole.</param>
internal sealed class PartProgress(Action<string> say, TimeSpan later = default)
{
    /// <summary>Says what goes on.</summary>
    public void Say(string line) => say(line);

    /// <summary>Says what goes on, and how long this part will still take.</summary>
    public void Say(string line, TimeSpan left)
    {
        var whole = left + later;
        say(
            whole > TimeSpan.FromMinutes(2)
                ? $"{line}, about {whole.TotalMinutes:0} min to go"
                : $"{line}, about {Math.Max(1, whole.TotalSeconds):0} s to go"
        );
    }
}
