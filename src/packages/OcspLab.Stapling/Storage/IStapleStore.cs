using OcspLab.Ocsp.Verification;

namespace OcspLab.Stapling.Storage;

/// <summary>
/// Keeps responses between starts, and between the instances of a fleet. It is not trusted: what it gives is verified
/// like a fetched response. It may fail: stapling goes on without it. Thread-safe.
/// </summary>
public interface IStapleStore
{
    /// <summary>The response kept for a certificate, or null.</summary>
    /// <param name="certificate">SHA-256 of the certificate in lower-case hexadecimal.</param>
    /// <param name="cancellationToken">Ends the attempt; it is cancelled after five seconds.</param>
    ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken);

    /// <summary>Keeps a response in place of the one before.</summary>
    /// <param name="certificate">SHA-256 of the certificate in lower-case hexadecimal.</param>
    /// <param name="staple">The verified response; of no use after <see cref="VerifiedStaple.ExpiresAt"/>.</param>
    /// <param name="cancellationToken">Ends the attempt; it is cancelled after five seconds.</param>
    ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken);

    /// <summary>
    /// Asks for the lease to fetch for a certificate. False when another instance has it: the engine then waits for
    /// what that one saves, as long as the lease lasts. A store of one machine always gives it.
    /// </summary>
    /// <param name="certificate">SHA-256 of the certificate in lower-case hexadecimal.</param>
    /// <param name="duration">How long the lease lasts if nothing is saved.</param>
    /// <param name="cancellationToken">Ends the attempt; it is cancelled after five seconds.</param>
    ValueTask<bool> TryAcquireLeaseAsync(string certificate, TimeSpan duration, CancellationToken cancellationToken) =>
        ValueTask.FromResult(true);
}
