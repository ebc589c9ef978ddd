namespace OcspLab.Responder.Listening;

/// <summary>
/// For a host within another program: when it starts and ends, and what Ctrl-C means, is that program's.
/// </summary>
internal sealed class PassiveLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
