namespace OcspLab.Responder.Sources;

/// <summary>A source that can say which certificates it names, so that answers about them are signed ahead.</summary>
public interface ICertificateList
{
    /// <summary>
    /// The serial numbers that it names, as INTEGER content octets in lower-case hexadecimal. Those of certificates
    /// that have expired are left out where it knows.
    /// </summary>
    /// <exception cref="IOException">The source cannot be asked.</exception>
    ValueTask<IReadOnlyCollection<string>> ListSerialNumbersAsync(CancellationToken cancellationToken);
}
