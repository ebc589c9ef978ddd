namespace OcspLab.Ocsp.Rejections;

/// <summary>A response that is not believed, and the fact that decided it.</summary>
/// <param name="Reason">The rule that failed.</param>
/// <param name="Detail">The offending fact, for people and logs.</param>
public sealed record Rejection(RejectionReason Reason, string Detail)
{
    /// <summary>Where the rule stands, such as <c>RFC 6960 §3.2 (1)</c>; null where no RFC sets it.</summary>
    public string? Section => Reason.ToSection();

    /// <summary>The reason in snake_case and the fact.</summary>
    public override string ToString() => $"{Reason.ToSnakeCase()} ({Detail})";
}
