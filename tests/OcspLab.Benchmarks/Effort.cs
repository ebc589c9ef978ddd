namespace OcspLab.Benchmarks;

/// <summary>
/// How much a benchmark does: what a measurement needs, or with <c>--quick</c> just enough to see that it still works.
/// </summary>
internal static class Effort
{
    /// <summary>Whether figures and limits mean nothing.</summary>
    public static bool IsQuick { get; set; }

    /// <summary>A number of rounds, certificates or seconds.</summary>
    public static int Of(int full, int quick) => IsQuick ? Math.Min(full, quick) : full;

    /// <summary>At most a second with <c>--quick</c>.</summary>
    public static TimeSpan Of(TimeSpan full) =>
        IsQuick && full > TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : full;
}
