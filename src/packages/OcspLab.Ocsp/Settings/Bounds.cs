using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;

namespace OcspLab.Ocsp.Settings;

/// <summary>
/// The bounds that options state with <see cref="RangeAttribute"/>: a slip is named with its key, its value and the
/// bounds. The generated validators know neither the key nor the value.
/// </summary>
internal static class Bounds
{
    /// <summary>What is out of bounds, one line each.</summary>
    /// <param name="section">The configuration section that the properties are keys of.</param>
    /// <param name="options">The options.</param>
    public static IEnumerable<string> Check<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T
    >(string section, T options)
        where T : class =>
        from property in typeof(T).GetProperties()
        let range = property.GetCustomAttribute<RangeAttribute>()
        where range is not null
        let value = property.GetValue(options)
        where value is not null && !IsWithin(value, range)
        select $"{section}:{property.Name}: '{Convert.ToString(value, CultureInfo.InvariantCulture)}' "
            + $"is not from {range.Minimum} to {range.Maximum}.";

    // Durations stand as text in the attribute.
    private static bool IsWithin(object value, RangeAttribute range) =>
        value switch
        {
            TimeSpan span => span >= Parse(range.Minimum) && span <= Parse(range.Maximum),
            int number => number >= (int)range.Minimum && number <= (int)range.Maximum,
            _ => throw new NotSupportedException($"{value.GetType()} has no bounds here."),
        };

    private static TimeSpan Parse(object bound) => TimeSpan.Parse((string)bound, CultureInfo.InvariantCulture);
}
