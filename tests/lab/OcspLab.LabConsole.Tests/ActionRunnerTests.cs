using Microsoft.Extensions.Logging.Abstractions;
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
        Assert.True(runner.IsBusy);
        Assert.Equal(["one"], _done);
        first.SetResult(new ActionOutcome("first"));
        Assert.True(await one);
        Assert.True(await two);
        Assert.Equal(["one", "two"], _done);
        Assert.Equal("second", runner.Outcome?.Words);
        Assert.False(runner.IsBusy);
    }

    [Fact]
    public async Task What_is_pressed_twice_in_a_row_is_done_once()
    {
        using var runner = new ActionRunner(NullLogger<ActionRunner>.Instance);
        var first = new TaskCompletionSource<ActionOutcome>();
        var one = runner.RunAsync(Action("one", first.Task));
        Assert.False(await runner.RunAsync(Action("one", first.Task)));
        var two = runner.RunAsync(Action("two", first.Task));
        Assert.False(await runner.RunAsync(Action("two", first.Task)));
        // After the other it is wanted again.
        var again = runner.RunAsync(Action("one", first.Task));
        first.SetResult(new ActionOutcome("first"));
        Assert.All(await Task.WhenAll(one, two, again), Assert.True);
        Assert.Equal(["one", "two", "one"], _done);
        Assert.True(await runner.RunAsync(Action("one", first.Task)));
        Assert.Equal(["one", "two", "one", "one"], _done);
    }

    private LabAction Action(string name, Task<ActionOutcome> outcome) => new(name, name, name, _ =>
        {
            _done.Add(name);
            return outcome;
        });
}
