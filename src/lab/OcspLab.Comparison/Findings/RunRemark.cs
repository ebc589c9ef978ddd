namespace OcspLab.Comparison.Findings;

/// <summary>What one run of a scenario says of a server's behaviour.</summary>
/// <param name="Verdict">Whether it is as it should be.</param>
/// <param name="Text">What was seen.</param>
internal sealed record RunRemark(FindingVerdict Verdict, RemarkText Text)
{
    /// <summary>What was seen is as it should be.</summary>
    public static RunRemark Holds(RemarkText text) => new(FindingVerdict.Holds, text);

    /// <summary>What was seen is not as it should be.</summary>
    public static RunRemark Fails(RemarkText text) => new(FindingVerdict.Fails, text);

    /// <summary>One of the two.</summary>
    public static RunRemark Judge(bool holds, RemarkText text) => holds ? Holds(text) : Fails(text);

    /// <summary>What many runs come to: one that fails is enough.</summary>
    public static FindingVerdict Sum(IReadOnlyCollection<RunRemark> remarks)
    {
        if (remarks.Any(remark => remark.Verdict == FindingVerdict.Fails))
            return FindingVerdict.Fails;
        return remarks.Any(remark => remark.Verdict == FindingVerdict.Unseen)
            ? FindingVerdict.Unseen
            : FindingVerdict.Holds;
    }
}
