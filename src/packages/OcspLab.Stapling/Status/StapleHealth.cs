namespace OcspLab.Stapling.Status;

/// <summary>
/// How well off a certificate is: a pure function of its status and the time, for health checks, metrics and the status
/// page.
/// </summary>
public static class StapleHealth
{
    /// <summary>The state of one certificate at <paramref name="now"/>.</summary>
    public static StapleState StateOf(StapleStatus status, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(status);
        // One that was replaced, or ought to have been: no staple would help it.
        if (status.NotAfter <= now || !status.IsInUse)
            return StapleState.NotNeeded;
        if (status.Source is StapleSourceKind.None or StapleSourceKind.Off)
            return status.IsMustStaple ? StapleState.Missing : StapleState.NotNeeded;
        if (status.IsRevoked)
            return StapleState.Revoked;
        if (status.Staple is not { } staple || staple.ExpiresAt <= now || status.Obstacle is not null)
            return StapleState.Missing;
        // Refreshes come from half of its life on: with three quarters gone they have failed for long. A responder that
        // signs ahead of time may hand out old ones that are as good as any.
        return status.Failures > 0 && now - staple.ThisUpdate > (staple.ExpiresAt - staple.ThisUpdate) * 0.75
            ? StapleState.Late
            : StapleState.Good;
    }

    /// <summary>The state as metrics and JSON spell it, for example <c>not_needed</c>.</summary>
    public static string ToTag(this StapleState state) =>
        state switch
        {
            StapleState.NotNeeded => "not_needed",
            StapleState.Good => "good",
            StapleState.Late => "late",
            StapleState.Missing => "missing",
            StapleState.Revoked => "revoked",
            _ => throw new ArgumentOutOfRangeException(nameof(state)),
        };
}

/// <summary>How well off a certificate is, best first.</summary>
public enum StapleState
{
    /// <summary>
    /// It names no responder, has expired or was replaced, or stapling is turned off for it: nothing to staple.
    /// </summary>
    NotNeeded,

    /// <summary>A valid staple is at hand.</summary>
    Good,

    /// <summary>A valid staple is at hand, but three quarters of its life are over and refreshing fails.</summary>
    Late,

    /// <summary>There should be a staple, and there is none.</summary>
    Missing,

    /// <summary>The certificate is revoked.</summary>
    Revoked,
}
