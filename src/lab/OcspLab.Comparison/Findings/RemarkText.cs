using System.Runtime.CompilerServices;

namespace OcspLab.Comparison.Findings;

/// <summary>A number in a remark, and the unit that stands behind it.</summary>
/// <param name="Value">The number.</param>
/// <param name="Unit">A blank and its symbol, "×", or nothing.</param>
internal readonly record struct Quantity(double Value, string Unit = "")
{
    /// <summary>How often.</summary>
    public static Quantity Times(int count) => new(count, "×");

    /// <summary>How long, in whole seconds.</summary>
    public static Quantity Seconds(TimeSpan time) => new(Math.Round(time.TotalSeconds), " s");
}

/// <summary>
/// A remark whose numbers stay numbers, so that a report can tell the remarks of many runs as one, with medians. It is
/// written as an interpolated string: counts and <see cref="Quantity"/> are its numbers, all else are its words.
/// </summary>
[InterpolatedStringHandler]
internal sealed class RemarkText
{
    private readonly List<string> _words = [""];
    private readonly List<Quantity> _quantities = [];

    /// <summary>What the compiler calls for an interpolated string.</summary>
    public RemarkText(int literalLength, int formattedCount)
    {
        _ = literalLength;
        _quantities.Capacity = formattedCount;
    }

    /// <summary>The words around the numbers: one more than there are numbers.</summary>
    public IReadOnlyList<string> Parts => _words;

    /// <summary>The numbers, in their order.</summary>
    public IReadOnlyList<Quantity> Quantities => _quantities;

    /// <summary>
    /// The words with a sign for every number: sentences with the same words differ in numbers alone.
    /// </summary>
    public string Words =>
        string.Join('#', _words.Zip(_quantities.Select(one => one.Unit).Append(""), (word, unit) => word + unit));

    /// <summary>Adds words.</summary>
    public void AppendLiteral(string words) => _words[^1] += words;

    /// <summary>Adds words.</summary>
    public void AppendFormatted(string words) => _words[^1] += words;

    /// <summary>Adds a number.</summary>
    public void AppendFormatted(int count) => AppendFormatted(new Quantity(count));

    /// <summary>Adds a number.</summary>
    public void AppendFormatted(Quantity quantity)
    {
        _quantities.Add(quantity);
        _words.Add("");
    }
}
