using OcspLab.Ocsp.Verification;

namespace OcspLab.Stapling.Storage;

/// <summary>
/// Keeps responses between starts, and between the instances of a fleet. It is not trusted: what it gives is verified
/// like a fetched response. It may fail, block or hang: it is called on threads of the engine's own, left alone for
/// a while after a failure, a second at first and half a minute at last, and stapling goes on without it. Thread-safe.
/// </summary>
public interface IStapleStore
{
    /// <summary>
    /// <value>Whether several instances use it, so that one is to ask for all. Default true.</value>
    /// </summary>
    bool IsShared => true;

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
    /// <param name="duration">How long the lease lasts if it is not given back.</param>
    /// <param name="cancellationToken">Ends the attempt; it is cancelled after five seconds.</param>
    ValueTask<bool> TryAcquireLeaseAsync(string certificate, TimeSpan duration, CancellationToken cancellationToken) =>
        ValueTask.FromResult(true);

    /// <summary>Gives the lease back, after the response was saved or the fetch has failed.</summary>
    /// <param name="certificate">SHA-256 of the certificate in lower-case hexadecimal.</param>
    /// <param name="cancellationToken">Ends the attempt; it is cancelled after five seconds.</param>
    ValueTask ReleaseLeaseAsync(string certificate, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// When the instance that asked last about a certificate means to ask again, or null. The others need not ask
    /// before, though they hold nothing newer; none of them waits for longer than it would by itself. By default
    /// nobody says.
    /// </summary>
    /// <param name="certificate">SHA-256 of the certificate in lower-case hexadecimal.</param>
    /// <param name="cancellationToken">Ends the attempt; it is cancelled after five seconds.</param>
    ValueTask<DateTimeOffset?> LoadNextRefreshAsync(string certificate, CancellationToken cancellationToken) =>
        ValueTask.FromResult<DateTimeOffset?>(null);

    /// <summary>Keeps when this instance, which has just asked about a certificate, means to ask again.</summary>
    /// <param name="certificate">SHA-256 of the certificate in lower-case hexadecimal.</param>
    /// <param name="at">The time; of no use after it.</param>
    /// <param name="cancellationToken">Ends the attempt; it is cancelled after five seconds.</param>
    ValueTask SaveNextRefreshAsync(string certificate, DateTimeOffset at, CancellationToken cancellationToken) =>
        ValueTask.CompletedTask;

    /// <summary>
    /// The certificate of a certificate's issuer that was downloaded before, or null. By default none is kept.
    /// </summary>
    /// <param name="certificate">SHA-256 of the certificate in lower-case hexadecimal.</param>
    /// <param name="cancellationToken">Ends the attempt; it is cancelled after five seconds.</param>
    ValueTask<byte[]?> LoadIssuerAsync(string certificate, CancellationToken cancellationToken) =>
        ValueTask.FromResult<byte[]?>(null);

    /// <summary>Keeps the certificate of a certificate's issuer.</summary>
    /// <param name="certificate">SHA-256 of the certificate in lower-case hexadecimal.</param>
    /// <param name="issuer">The issuer's certificate in DER.</param>
    /// <param name="cancellationToken">Ends the attempt; it is cancelled after five seconds.</param>
    ValueTask SaveIssuerAsync(string certificate, ReadOnlyMemory<byte> issuer, CancellationToken cancellationToken) =>
        ValueTask.CompletedTask;

    /// <summary>
    /// Removes what is of no use to anybody any more. Called once a day, the first time a day after the start. By
    /// default nothing is: a cache lets go by itself.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Ends the attempt; it is cancelled after five seconds.</param>
    ValueTask SweepAsync(DateTimeOffset now, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
