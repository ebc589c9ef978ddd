using OcspLab.Lab.Timelines;

namespace OcspLab.Lab.Tests;

/// <summary>A run as spans of time.</summary>
public sealed class TimelineTests
{
    [Fact]
    public void Answers_that_follow_each_other_are_one_window() =>
        Assert.Equal(
            [new(Seconds(5), Seconds(40))],
            Timeline.Windows(
                All(
                    Good(5, until: 30),
                    Good(9, until: 30),
                    Good(12, until: 40),
                    new Observation(Seconds(35), HandshakeResult.Unstapled)
                )
            )
        );

    [Fact]
    public void An_answer_after_the_last_one_ended_is_another_window() =>
        Assert.Equal(
            [new(Seconds(5), Seconds(30)), new(Seconds(50), Seconds(80))],
            Timeline.Windows(
                All(Good(5, until: 30), new Observation(Seconds(35), HandshakeResult.Unstapled), Good(50, until: 80))
            )
        );

    [Fact]
    public void An_older_answer_does_not_shorten_a_window() =>
        Assert.Equal([new(Seconds(5), Seconds(40))], Timeline.Windows(All(Good(5, until: 40), Good(9, until: 30))));

    [Fact]
    public void An_answer_that_was_over_when_it_was_seen_is_no_window() =>
        Assert.Equal([new(Seconds(5), Seconds(30))], Timeline.Windows(All(Good(5, until: 30), Good(31, until: 30))));

    private static Observation[] All(params Observation[] observations) => observations;

    private static Observation Good(int at, int until) => new(Seconds(at), HandshakeResult.Good, null, Seconds(until));

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}
