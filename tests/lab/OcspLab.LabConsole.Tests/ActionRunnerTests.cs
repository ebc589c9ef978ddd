using Microsoft.Extensions.Logging.Abstractions;
using OcspLab.LabConsole.Acting;

namespace OcspLab.LabConsole.Tests;

/// <summary>What the buttons of a page do.</summary>
public sealed class ActionRunnerTests
{
    [Fact]
    public async Task What_is_pressed_while_something_is_being_done_is_done_after_it()
    {
        using var runner = new ActionRunner(NullLogger<ActionRunner>.Instance);
        var first = new TaskCompletionSource<ActionOutcome>();
        var done = new List<string>();
        var one = runner.RunAsync(Action("one", () => first.Task));
        var two = runner.RunAsync(Action("two", () => Task.FromResult(new ActionOutcome("second"))));
        Assert.True(runner.IsBusy);
        Assert.Equal(["one"], done);
        first.SetResult(new ActionOutcome("first"));
        Assert.True(await one);
        Assert.True(await two);
        Assert.Equal(["one", "two"], done);
        Assert.Equal("second", runner.Outcome?.Words);
        Assert.False(runner.IsBusy);

        LabAction Action(string name, Func<Task<ActionOutcome>> run) => new(name, name, name, _ =>
            {
                done.Add(name);
                return run();
            });
    }
}
