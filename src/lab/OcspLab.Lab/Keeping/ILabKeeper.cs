namespace OcspLab.Lab.Keeping;

/// <summary>A way to run <c>keep</c> for an nginx of the lab.</summary>
internal interface ILabKeeper : IAsyncDisposable
{
    /// <summary>How it is run, for people.</summary>
    string Origin { get; }

    /// <summary>True when it has ended by itself since <see cref="FollowAsync"/>.</summary>
    bool HasEnded { get; }

    /// <summary>
    /// Has the first staple written, before nginx starts; without one after a while, nginx starts without.
    /// </summary>
    /// <exception cref="LabException">It cannot be run.</exception>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Keeps it fresh from now on; nginx runs. Called again when it has ended.</summary>
    /// <exception cref="LabException">It cannot be run.</exception>
    Task FollowAsync(CancellationToken cancellationToken);
}
