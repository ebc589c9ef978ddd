using System.Diagnostics.CodeAnalysis;
using OcspLab.Lab;

namespace OcspLab.LabConsole.Acting;

/// <summary>
/// What a page does to the lab, one thing after the other, and what came of the last. For one page alone.
/// </summary>
public sealed class ActionRunner(ILogger<ActionRunner> logger) : IDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly List<string> _wanted = [];

    /// <summary>What is being done, or was done last; null before the first.</summary>
    public LabAction? Action { get; private set; }

    /// <summary>What came of it, or null.</summary>
    public ActionOutcome? Outcome { get; private set; }

    /// <summary>Why it did not work, or null.</summary>
    public string? Failure { get; private set; }

    /// <summary>Whether it is being done.</summary>
    public bool IsBusy => _wanted.Count > 0;

    /// <summary>
    /// Does it, after what is being done; but not twice, one right after the other: a button that is pressed twice is
    /// meant once.
    /// </summary>
    /// <returns>Whether it was done, and worked.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "The boundary: somebody pressed a button, and is told.")]
    public async Task<bool> RunAsync(LabAction action)
    {
        if (_wanted is [.., var last] && last == action.Command)
            return false;
        _wanted.Add(action.Command);
        var isTurn = false;
        try
        {
            await _turn.WaitAsync(_leaving.Token);
            isTurn = true;
            (Action, Outcome, Failure) = (action, null, null);
            Outcome = await action.RunAsync(_leaving.Token);
            return true;
        }
        catch (LabException exception)
        {
            Failure = exception.Message;
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
            logger.Failed(action.Name, exception);
            Failure = exception.Message;
            return false;
        }
        finally
        {
            if (isTurn)
                _turn.Release();
            // The first of its kind: they have their turns in order.
            _wanted.Remove(action.Command);
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
