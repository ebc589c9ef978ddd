using System.Diagnostics.CodeAnalysis;
using OcspLab.Lab;

namespace OcspLab.LabConsole.Acting;

/// <summary>What a page does to the lab, one thing after the other. For one page alone.</summary>
public sealed class ActionRunner(ILogger<ActionRunner> logger) : IDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly List<ActionRun> _runs = [];

    /// <summary>What was wanted since nothing was under way, in its order; empty before the first.</summary>
    public IReadOnlyList<ActionRun> Runs => _runs;

    /// <summary>
    /// Does it, after what is being done; but not twice, one right after the other: a button that is pressed twice is
    /// meant once.
    /// </summary>
    /// <returns>Whether it was done, and worked; for the second press, what came of the first.</returns>
    public Task<bool> RunAsync(LabAction action)
    {
        if (_runs is [.., { IsOver: false } last] && last.Action.Command == action.Command)
            return last.Completion;
        if (_runs.TrueForAll(run => run.IsOver))
            _runs.Clear();
        var run = new ActionRun(action);
        _runs.Add(run);
        return run.Completion = DoAsync(run);
    }

    [SuppressMessage("Design", "CA1031", Justification = "The boundary: somebody pressed a button, and is told.")]
    private async Task<bool> DoAsync(ActionRun run)
    {
        try
        {
            await _turn.WaitAsync(_leaving.Token);
        }
        catch (OperationCanceledException)
        {
            // The page is gone.
            return false;
        }

        try
        {
            run.IsUnderWay = true;
            run.Outcome = await run.Action.RunAsync(_leaving.Token);
            return true;
        }
        catch (LabException exception)
        {
            run.Failure = exception.Message;
            return false;
        }
        catch (OperationCanceledException)
        {
            // The page is gone.
            return false;
        }
        catch (Exception exception)
        {
            // The page goes on, whatever a browser or a file of the lab was up to.
            logger.Failed(run.Action.Name, exception);
            run.Failure = exception.Message;
            return false;
        }
        finally
        {
            run.IsUnderWay = false;
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _leaving.Cancel();
        _leaving.Dispose();
        // The turn holds nothing, and what is being done still gives it back.
    }
}
