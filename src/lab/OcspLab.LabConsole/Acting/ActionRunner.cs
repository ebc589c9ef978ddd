using System.Diagnostics.CodeAnalysis;
using OcspLab.Lab;

namespace OcspLab.LabConsole.Acting;

/// <summary>What a page does to the lab, one thing after the other. For one page alone.</summary>
public sealed class ActionRunner : IDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private readonly CancellationToken _gone;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly List<ActionRun> _runs = [];
    private readonly ILogger<ActionRunner> _logger;

    /// <param name="logger">Told of what nobody foresaw.</param>
    public ActionRunner(ILogger<ActionRunner> logger)
    {
        _logger = logger;
        _gone = _leaving.Token;
    }

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
        var isTurn = false;
        try
        {
            await _turn.WaitAsync(_gone);
            isTurn = run.IsUnderWay = true;
            run.Outcome = await run.Action.RunAsync(_gone);
            return true;
        }
        catch (LabException exception)
        {
            run.Failure = exception.Message;
            return false;
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            // Nobody is there to be told.
            return false;
        }
        catch (Exception exception)
        {
            // The page goes on, whatever a browser or a file of the lab was up to.
            _logger.Failed(run.Action.Name, exception);
            run.Failure = exception.Message;
            return false;
        }
        finally
        {
            (run.IsUnderWay, run.IsOver) = (false, true);
            if (isTurn)
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
