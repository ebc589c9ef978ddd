using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace OcspLab.Ocsp.Settings;

/// <summary>
/// Checks the bounds that <see cref="RangeAttribute"/> states and names key, value and bounds of a slip. The generated validators know
/// neither the key nor the value.
/// </summary>
/// <param name="sectionOf">The configuration section of options by their name.</param>
internal sealed class BoundsValidator<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(Func<string?, string> sectionOf) : IValidateOptions<T>
    where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        var failures = Check(sectionOf(name), options).ToList();
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    /// <summary>What is out of bounds, one line each.</summary>
    /// <param name="section">The section that the properties are keys of.</param>
    /// <param name="options">The options.</param>
    public static IEnumerable<string> Check(string section, T options) =>
        from property in typeof(T).GetProperties()
        let range = property.GetCustomAttribute<RangeAttribute>()
        where range is not null
        let value = property.GetValue(options)
        where value is not null && !IsWithin(value, range)
        select $"{section}:{property.Name}: '{Convert.ToString(value, CultureInfo.InvariantCulture)}' is not from {range.Minimum} to {range.Maximum}.";

    // Durations stand as text in the attribute.
    private static bool IsWithin(object value, RangeAttribute range) => value switch
    {
        TimeSpan span => span >= Parse(range.Minimum) && span <= Parse(range.Maximum),
        int number => number >= (int)range.Minimum && number <= (int)range.Maximum,
        _ => throw new NotSupportedException($"{value.GetType()} has no bounds here."),
    };

    private static TimeSpan Parse(object bound) => TimeSpan.Parse((string)bound, CultureInfo.InvariantCulture);
}
