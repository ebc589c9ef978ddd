using Microsoft.Extensions.Time.Testing;
using OcspLab.Comparison.Planning;

namespace OcspLab.Comparison.Tests;

/// <summary>What is said of work that goes on.</summary>
public sealed class WorkProgressTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly List<string> _lines = [];

    [Fact]
    public void What_is_left_is_judged_by_how_long_what_is_done_took()
    {
        var work = Begin(whole: 4);
        _clock.Advance(TimeSpan.FromSeconds(10));
        work.Done(1);
        Assert.Equal(["cost: nginx", "cost: nginx, about 30 s to go"], _lines);
    }

    [Fact]
    public void Time_that_passes_since_is_taken_off()
    {
        var work = Begin(whole: 4);
        _clock.Advance(TimeSpan.FromSeconds(10));
        work.Done(1);
        _clock.Advance(TimeSpan.FromSeconds(6));
        work.Begin("apache");
        Assert.Equal("cost: apache, about 24 s to go", _lines[^1]);
    }

    [Fact]
    public void A_new_step_is_always_said()
    {
        var work = Begin(whole: 4);
        work.Begin("apache");
        Assert.Equal(["cost: nginx", "cost: apache"], _lines);
    }

    [Fact]
    public void It_is_not_said_more_often_than_people_read()
    {
        var work = Begin(whole: 1000);
        for (var i = 0; i < 100; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            work.Done(1);
        }

        Assert.Equal(4, _lines.Count);
    }

    [Fact]
    public void The_very_first_of_it_tells_nothing()
    {
        var work = Begin(whole: 1000);
        _clock.Advance(TimeSpan.FromSeconds(5));
        work.Done(1);
        Assert.Equal(["cost: nginx"], _lines);
    }

    [Fact]
    public void What_is_left_is_of_the_whole()
    {
        var work = Begin(whole: 4, later: TimeSpan.FromMinutes(5));
        _clock.Advance(TimeSpan.FromSeconds(20));
        work.Done(1);
        Assert.Equal("cost: nginx, about 6 min to go", _lines[^1]);
    }

    private WorkProgress Begin(double whole, TimeSpan later = default)
    {
        var work = new WorkProgress("cost", whole, _clock, new PartProgress(_lines.Add, later));
        work.Begin("nginx");
        return work;
    }
}
