namespace OcspLab.Responder.Sources;

/// <summary>A source that is told when others change something, and need not wait for the next look.</summary>
internal interface ISourceNews
{
    /// <summary>
    /// Ends when somebody may have changed something. Whoever cannot be told waits in vain: the look once a second
    /// goes on beneath.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task WaitForNewsAsync(CancellationToken cancellationToken);
}
