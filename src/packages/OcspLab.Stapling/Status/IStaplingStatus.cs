namespace OcspLab.Stapling.Status;

/// <summary>What the engine holds. Thread-safe.</summary>
public interface IStaplingStatus
{
    /// <summary>One entry a certificate, in the order in which they were met.</summary>
    IReadOnlyList<StapleStatus> Staples { get; }

    /// <summary>
    /// Asks the responder now, whatever a fleet shares, for one certificate or for all that are in use, and waits until
    /// it is done. Failures are in the status.
    /// </summary>
    /// <param name="thumbprint">SHA-256 of the certificate in hexadecimal, or null for all.</param>
    /// <param name="cancellationToken">Ends the wait, not the refreshing.</param>
    /// <returns>What is held now; empty when no certificate has that thumbprint.</returns>
    Task<IReadOnlyList<StapleStatus>> RefreshAsync(
        string? thumbprint = null,
        CancellationToken cancellationToken = default
    );
}
