using OcspLab.Responder.Settings;

namespace OcspLab.Responder.Sources;

/// <summary>Where the statuses of one authority's certificates come from. Thread-safe.</summary>
/// <remarks>
/// Register one of your own as a keyed service under the authority's name in
/// <see cref="ResponderOptions.Authorities"/>. Where it also is an <see cref="ICertificateRegistry"/>, the admin API
/// changes it.
/// </remarks>
public interface IStatusSource
{
    /// <summary>
    /// A certificate's status was changed through this object: its serial number, or null for any of them. Raised when
    /// the change is kept for good and before whoever made it is told so; what was answered before is not answered
    /// again.
    /// </summary>
    event Action<string?>? Changed;

    /// <summary>What is known of a certificate, or null when this authority never issued it.</summary>
    /// <param name="serialNumber">The serial number as INTEGER content octets in lower-case hexadecimal.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">
    /// The source cannot be asked; that is not the same as "never issued", and clients are told to try later.
    /// </exception>
    /// <exception cref="InvalidDataException">
    /// What is kept about this one certificate cannot be read; the others' answers are not touched by it.
    /// </exception>
    ValueTask<SourceStatus?> FindAsync(string serialNumber, CancellationToken cancellationToken);

    /// <summary>
    /// About which certificates others may have changed something since the last call; what was answered about these
    /// is not answered again. Called about once a second, never twice at a time.
    /// </summary>
    /// <exception cref="IOException">The source cannot be asked.</exception>
    ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken);
}
