using Microsoft.Extensions.Logging.Abstractions;
using OcspLab.Lab;
using OcspLab.LabConsole.Acting;

namespace OcspLab.LabConsole.Tests;

/// <summary>What the buttons of a page do.</summary>
public sealed class ActionRunnerTests
{
    private readonly List<string> _done = [];

    [Fact]
    public async Task What_is_pressed_while_something_is_being_done_is_done_after_it()
    {
        using var runner = new ActionRunner(NullLogger<ActionRunner>.Instance);
        var first = new TaskCompletionSource<ActionOutcome>();
        var one = runner.RunAsync(Action("one", first.Task));
        var two = runner.RunAsync(Action("two", Task.FromResult(new ActionOutcome("second"))));
        Assert.Equal([true, false], runner.Runs.Select(run => run.IsUnderWay));
        Assert.Equal(["one"], _done);
        first.SetResult(new ActionOutcome("first"));
        Assert.True(await one);
        Assert.True(await two);
        Assert.Equal(["one", "two"], _done);
        Assert.Equal(["first", "second"], runner.Runs.Select(run => run.Outcome?.Words));
        Assert.All(runner.Runs, run => Assert.True(run.IsOver));
    }

    [Fact]
    public async Task What_did_not_work_is_still_said_when_what_was_pressed_after_it_is_done()
    {
        using var runner = new ActionRunner(NullLogger<ActionRunner>.Instance);
        var first = new TaskCompletionSource<ActionOutcome>();
        var one = runner.RunAsync(Action("one", first.Task));
        var two = runner.RunAsync(Action("two", Task.FromResult(new ActionOutcome("second"))));
        first.SetException(new LabException("no"));
        Assert.False(await one);
        Assert.True(await two);
        Assert.Equal(["no", null], runner.Runs.Select(run => run.Failure));
        // And no longer when something else is pressed.
        Assert.True(await runner.RunAsync(Action("three", Task.FromResult(new ActionOutcome("third")))));
        Assert.Equal("third", Assert.Single(runner.Runs).Outcome?.Words);
    }

    [Fact]
    public async Task What_is_pressed_twice_in_a_row_is_done_once()
    {
        using var runner = new ActionRunner(NullLogger<ActionRunner>.Instance);
        var first = new TaskCompletionSource<ActionOutcome>();
        var one = runner.RunAsync(Action("one", first.Task));
        var secondPress = runner.RunAsync(Action("one", first.Task));
        Assert.False(secondPress.IsCompleted);
        var two = runner.RunAsync(Action("two", first.Task));
        var twoPressedAgain = runner.RunAsync(Action("two", first.Task));
        // After the other it is wanted again.
        var again = runner.RunAsync(Action("one", first.Task));
        first.SetResult(new ActionOutcome("first"));
        Assert.All(await Task.WhenAll(one, secondPress, two, twoPressedAgain, again), Assert.True);
        Assert.Equal(["one", "two", "one"], _done);
        Assert.True(await runner.RunAsync(Action("one", first.Task)));
        Assert.Equal(["one", "two", "one", "one"], _done);
    }

    [Fact]
    public async Task What_took_too_long_did_not_work_and_may_be_pressed_again()
    {
        using var runner = new ActionRunner(NullLogger<ActionRunner>.Instance);
        Assert.False(
            await runner.RunAsync(
                Action("one", Task.FromException<ActionOutcome>(new TaskCanceledException("too long")))
            )
        );
        Assert.Equal("too long", Assert.Single(runner.Runs).Failure);
        Assert.True(await runner.RunAsync(Action("one", Task.FromResult(new ActionOutcome("done")))));
    }

    [Fact]
    public async Task On_a_page_that_is_gone_nothing_is_done()
    {
        var runner = new ActionRunner(NullLogger<ActionRunner>.Instance);
        var first = new TaskCompletionSource<ActionOutcome>();
        var one = runner.RunAsync(Action("one", first.Task));
        var two = runner.RunAsync(Action("two", first.Task));
        runner.Dispose();
        Assert.False(await two);
        first.SetCanceled(TestContext.Current.CancellationToken);
        Assert.False(await one);
        Assert.False(await runner.RunAsync(Action("three", first.Task)));
        Assert.Equal(["one"], _done);
    }

    private LabAction Action(string name, Task<ActionOutcome> outcome) => new(name, name, name, _ =>
        {
            _done.Add(name);
            return outcome;
        });
}
