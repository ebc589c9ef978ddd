using System.Globalization;

namespace OcspLab.Comparison.Measurements;

/// <summary>Many measurements of one thing.</summary>
/// <param name="Median">The middle one.</param>
/// <param name="Lowest">The least.</param>
/// <param name="Highest">The most.</param>
/// <param name="Count">How many.</param>
public sealed record Spread(double Median, double Lowest, double Highest, int Count)
{
    /// <summary>For people: the median, and lowest and highest where they differ.</summary>
    /// <param name="unit">What stands behind the median.</param>
    public string ToText(string unit = "") =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Median:0.#}{unit}{(Lowest < Highest ? $" ({Lowest:0}–{Highest:0})" : "")}"
        );

    /// <summary>Of at least one number.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Spread Of(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        if (sorted.Length == 0)
            throw new ArgumentException("There is no number to take the median of.", nameof(numbers));
        var middle = sorted.Length / 2;
        return new Spread(
            sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2,
            sorted[0],
            sorted[^1],
            sorted.Length
        );
    }
}
