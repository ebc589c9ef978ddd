using OcspLab.Ocsp.Verification;

namespace OcspLab.Stapling.Refreshing;

/// <summary>When to ask the responder next: a pure function of what is held, what went wrong and the time.</summary>
internal static class RefreshPlan
{
    /// <summary>
    /// After a success: half of the staple's life, less up to a tenth of it; sooner if the responder's caches let go
    /// sooner.
    /// </summary>
    /// <param name="staple">The staple now held.</param>
    /// <param name="maxAge">The responder's Cache-Control max-age, or null.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="now">The time.</param>
    /// <param name="chance">From 0 (inclusive) to 1, so that a fleet does not come all at once.</param>
    public static DateTimeOffset AfterSuccess(
        VerifiedStaple staple,
        TimeSpan? maxAge,
        StaplingOptions options,
        DateTimeOffset now,
        double chance
    )
    {
        var life = staple.ExpiresAt - staple.ThisUpdate;
        var next = staple.ThisUpdate + (life / 2) - (life / 10 * chance);

        // A response that was signed long ago, or is still the same although its time had come: half of what is left,
        // so that the waits shrink towards the end and never pass it.
        if (now >= staple.ThisUpdate + (life * 0.4))
            next = now + ((staple.ExpiresAt - now) / 2 * (1 - (chance / 5)));
        if (maxAge is { } hint)
            next = Earlier(next, now + Spread(hint, chance));

        // Not more often than allowed, unless the staple would be gone by then.
        var pause = Spread(options.MinimumRefreshInterval, chance);
        var left = staple.ExpiresAt - now;
        if (pause >= left)
            pause = Later(left / 2, options.RetryDelay);
        return Later(next, now + pause);
    }

    /// <summary>
    /// After loading one from the store: within the shortest interval, at once when half of its life is over. The
    /// responder's hint how soon to come again was not stored, and the certificate may have been revoked while nobody
    /// looked.
    /// </summary>
    /// <param name="staple">The staple now held.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="now">The time.</param>
    /// <param name="chance">From 0 (inclusive) to 1.</param>
    public static DateTimeOffset AfterLoad(
        VerifiedStaple staple,
        StaplingOptions options,
        DateTimeOffset now,
        double chance
    )
    {
        var half = staple.ThisUpdate + ((staple.ExpiresAt - staple.ThisUpdate) / 2);
        return Later(now, Earlier(half, now + (options.MinimumRefreshInterval * chance)));
    }

    /// <summary>
    /// After another instance has asked, and got what is held: a moment after that one's next time, so that it comes
    /// first; never later than after a success of one's own, whatever a store says.
    /// </summary>
    /// <param name="staple">The staple now held.</param>
    /// <param name="theirs">When the other means to ask again.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="now">The time.</param>
    /// <param name="chance">From 0 (inclusive) to 1.</param>
    public static DateTimeOffset AfterOthers(
        VerifiedStaple staple,
        DateTimeOffset theirs,
        StaplingOptions options,
        DateTimeOffset now,
        double chance
    )
    {
        var own = AfterSuccess(staple, null, options, now, chance);
        return now + Earlier(Spread(theirs - now, chance), own - now);
    }

    /// <summary>
    /// Until when the word of another instance counts that it has asked: three quarters of the staple's life.
    /// </summary>
    /// <param name="staple">The staple held.</param>
    public static DateTimeOffset EndOfTrust(VerifiedStaple staple) =>
        staple.ExpiresAt - ((staple.ExpiresAt - staple.ThisUpdate) / 4);

    /// <summary>
    /// Until when a look waits for the store that a fleet shares: a quarter of what is left of the staple's life, ten
    /// minutes at most.
    /// </summary>
    /// <param name="staple">The staple held.</param>
    /// <param name="since">When the look was due.</param>
    public static DateTimeOffset EndOfPause(VerifiedStaple staple, DateTimeOffset since) =>
        since + Earlier((staple.ExpiresAt - since) / 4, LongestPause);

    /// <summary>
    /// While the store that a fleet shares does not answer: a few times until the wait is over, and no later than in
    /// half a minute.
    /// </summary>
    /// <param name="staple">The staple held.</param>
    /// <param name="since">When the look was due.</param>
    /// <param name="now">The time.</param>
    /// <param name="chance">From 0 (inclusive) to 1.</param>
    public static DateTimeOffset AfterPause(
        VerifiedStaple staple,
        DateTimeOffset since,
        DateTimeOffset now,
        double chance
    )
    {
        var end = EndOfPause(staple, since);
        return Earlier(end, now + (Earlier(LongestStep, (end - since) / 8) * (0.5 + (chance / 2))));
    }

    /// <summary>
    /// After a failure: exponential with jitter, capped; while a staple is held no later than a quarter of its
    /// remaining life. A responder that asks for more time gets it, up to the longest wait and half of that life.
    /// </summary>
    /// <param name="staple">The staple still held, or null.</param>
    /// <param name="failures">How many failures in a row, at least one.</param>
    /// <param name="retryAfter">How long the responder wants to be left alone (Retry-After), or null.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="now">The time.</param>
    /// <param name="chance">From 0 (inclusive) to 1.</param>
    public static DateTimeOffset AfterFailure(
        VerifiedStaple? staple,
        int failures,
        TimeSpan? retryAfter,
        StaplingOptions options,
        DateTimeOffset now,
        double chance
    )
    {
        // 2^30 of the smallest delay is past every cap; a larger exponent would only overflow.
        var wait = options.RetryDelay * Math.Pow(2, Math.Min(failures - 1, 30));
        var cap = staple is null ? Earlier(options.MaximumRetryDelay, WithoutStaple) : options.MaximumRetryDelay;
        var left = staple?.ExpiresAt - now;
        if (left > TimeSpan.Zero)
            cap = Earlier(cap, left.Value / 4);
        wait = Later(Earlier(wait, cap) * (0.75 + (chance / 2)), options.RetryDelay / 2);
        if (retryAfter is not { } asked)
            return now + wait;
        asked = Earlier(Spread(asked, chance), options.MaximumRetryDelay);
        if (left > TimeSpan.Zero)
            asked = Earlier(asked, left.Value / 2);
        return now + Later(asked, wait);
    }

    // Up to a tenth longer: a shared cache lets go at the hint, and whoever comes before gets the old response.
    private static TimeSpan Spread(TimeSpan wait, double chance) => wait * (1 + (chance / 10));

    private static T Earlier<T>(T left, T right)
        where T : IComparable<T> => left.CompareTo(right) < 0 ? left : right;

    private static T Later<T>(T left, T right)
        where T : IComparable<T> => left.CompareTo(right) > 0 ? left : right;

    private static readonly TimeSpan LongestStep = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    // Clients go without: asking a dead responder every few minutes costs it nothing.
    private static readonly TimeSpan WithoutStaple = TimeSpan.FromMinutes(5);
}
