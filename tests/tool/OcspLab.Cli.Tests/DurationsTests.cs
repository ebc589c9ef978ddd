using OcspLab.Cli.CommandLine;

namespace OcspLab.Cli.Tests;

/// <summary>Durations as people write them.</summary>
public sealed class DurationsTests
{
    [Theory]
    [InlineData("00:30", 1800)]
    [InlineData("00:00:30", 30)]
    [InlineData("00:00:00.5", 0.5)]
    [InlineData("7.00:00:00", 604800)]
    public void Hours_minutes_and_seconds_are_read(string text, double seconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("30")]
    [InlineData("24:00:00")]
    [InlineData("-00:00:30")]
    [InlineData("soon")]
    [InlineData("")]
    public void What_might_be_days_or_nothing_at_all_is_refused(string text) =>
        Assert.False(Durations.TryParse(text, out _));
}
