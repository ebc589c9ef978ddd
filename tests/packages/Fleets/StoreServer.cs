using Microsoft.Extensions.DependencyInjection;

namespace OcspLab.Stapling.Fleets;

/// <summary>
/// The server that a fleet keeps its staples on: a real one, which tests stop, pause, wipe and poison.
/// </summary>
public abstract class StoreServer : IAsyncDisposable
{
    /// <summary>Where it listens.</summary>
    public abstract int Port { get; }

    /// <summary>Has an instance keep its staples on it, over this port.</summary>
    public abstract void Use(IServiceCollection services, int port);

    /// <summary>Ends it, without a farewell.</summary>
    public abstract Task StopAsync();

    /// <summary>Starts it again.</summary>
    public abstract Task StartAgainAsync();

    /// <summary>It holds its connections and does nothing more.</summary>
    public abstract void Pause();

    /// <summary>It goes on.</summary>
    public abstract void Continue();

    /// <summary>Removes all that is in it.</summary>
    public abstract Task WipeAsync();

    /// <summary>Puts something in the place of a certificate's response.</summary>
    public abstract Task PoisonAsync(string certificate, byte[] value);

    public abstract ValueTask DisposeAsync();
}
