using System.Globalization;
using OcspLab.Comparison.Report;
using OcspLab.Comparison.Results;

namespace OcspLab.Comparison.Findings;

/// <summary>What one run of a scenario says of a server's behaviour.</summary>
/// <param name="Verdict">Whether it is as it should be.</param>
/// <param name="Text">What was seen. Counts and times are its numbers; all else are its words.</param>
internal sealed record RunRemark(FindingVerdict Verdict, FormattableString Text)
{
    /// <summary>What was seen either holds or fails.</summary>
    public RunRemark(bool holds, FormattableString text) : this(holds ? FindingVerdict.Holds : FindingVerdict.Fails, text)
    {
    }

    /// <summary>What many runs come to: one that fails is enough.</summary>
    public static FindingVerdict Sum(IReadOnlyCollection<RunRemark> remarks) =>
        remarks.Any(remark => remark.Verdict == FindingVerdict.Fails) ? FindingVerdict.Fails : remarks.Any(remark => remark.Verdict == FindingVerdict.Unseen) ? FindingVerdict.Unseen : FindingVerdict.Holds;

    /// <summary>As one sentence: what is said in the same words is said once, its numbers as median and spread; what is not as it should be comes first.</summary>
    /// <param name="remarks">One for every run that has something to say; at least one.</param>
    /// <param name="runs">How many runs there were.</param>
    public static string Join(IReadOnlyCollection<RunRemark> remarks, int runs) =>
        string.Join("; ", remarks.OrderBy(remark => Severity(remark.Verdict)).GroupBy(remark => (remark.Verdict, remark.Words)).Select(same => (same.Count() < runs ? $"{same.Count()} of {runs} runs: " : "") + Tell([.. same])));

    /// <summary>Its words, without its numbers.</summary>
    public string Words => string.Format(CultureInfo.InvariantCulture, Text.Format, [.. Text.GetArguments().Select(argument => argument is int or Times or TimeSpan ? "#" : argument)]);

    /// <summary>What remarks in the same words say, their numbers as median and spread.</summary>
    public static string Tell(IReadOnlyList<RunRemark> same) => string.Format(
        CultureInfo.InvariantCulture, same[0].Text.Format,
        [.. same[0].Text.GetArguments().Select((argument, index) => argument switch
        {
            int => ComparisonText.Count(Spread.Of(same.Select(remark => (double)(int)remark.Text.GetArgument(index)!))),
            Times => ComparisonText.Count(Spread.Of(same.Select(remark => (double)((Times)remark.Text.GetArgument(index)!).Count)), "×"),
            TimeSpan => ComparisonText.Count(Spread.Of(same.Select(remark => Math.Round(((TimeSpan)remark.Text.GetArgument(index)!).TotalSeconds))), " s"),
            _ => argument,
        })]);

    private static int Severity(FindingVerdict verdict) => verdict switch { FindingVerdict.Fails => 0, FindingVerdict.Unseen => 1, _ => 2 };
}

/// <summary>How often.</summary>
/// <param name="Count">So often.</param>
internal readonly record struct Times(int Count);
