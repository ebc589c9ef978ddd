using System.Globalization;

namespace OcspLab.Lab;

/// <summary>What one run of a scenario says of a server's behaviour.</summary>
/// <param name="Holds">Whether it is as it should be.</param>
/// <param name="Text">What was seen. Counts and times are its numbers; all else are its words.</param>
internal sealed record RunRemark(bool Holds, FormattableString Text)
{
    /// <summary>As one sentence: what is said in the same words is said once, its numbers as median and spread; what is not as it should be comes first.</summary>
    /// <param name="remarks">One for every run that has something to say; at least one.</param>
    /// <param name="runs">How many runs there were.</param>
    public static string Join(IReadOnlyCollection<RunRemark> remarks, int runs) =>
        string.Join("; ", remarks.OrderBy(remark => remark.Holds).GroupBy(remark => (remark.Holds, remark.Words)).Select(same => (same.Count() < runs ? $"{same.Count()} of {runs} runs: " : "") + Tell([.. same.Select(remark => remark.Text)])));

    private string Words => string.Format(CultureInfo.InvariantCulture, Text.Format, [.. Text.GetArguments().Select(argument => argument is int or Times or TimeSpan ? "#" : argument)]);

    private static string Tell(FormattableString[] same) => string.Format(
        CultureInfo.InvariantCulture, same[0].Format,
        [.. same[0].GetArguments().Select((argument, index) => argument switch
        {
            int => ComparisonText.Count(Spread.Of(same.Select(text => (double)(int)text.GetArgument(index)!))),
            Times => ComparisonText.Count(Spread.Of(same.Select(text => (double)((Times)text.GetArgument(index)!).Count)), "×"),
            TimeSpan => ComparisonText.Count(Spread.Of(same.Select(text => Math.Round(((TimeSpan)text.GetArgument(index)!).TotalSeconds))), " s"),
            _ => argument,
        })]);
}

/// <summary>How often.</summary>
/// <param name="Count">So often.</param>
internal readonly record struct Times(int Count);
