namespace OcspLab.Stapling.Storage;

/// <summary>
/// Carries between the instances of a fleet which certificates have a new response in the store that they share. An
/// instance that hears of one looks into the store, and verifies what it finds there like a fetched response: a channel
/// is not trusted. It may fail or lose messages: an instance that has heard nothing looks when its time comes.
/// Thread-safe.
/// </summary>
public interface IStapleChannel
{
    /// <summary>Tells the other instances.</summary>
    /// <param name="certificate">SHA-256 of the certificate in lower-case hexadecimal.</param>
    /// <param name="cancellationToken">Ends the attempt; it is cancelled after five seconds.</param>
    ValueTask TellAsync(string certificate, CancellationToken cancellationToken);

    /// <summary>
    /// What other instances tell, from now on. What this one tells itself need not be among it. An empty text says that
    /// something may have been missed: the first is that the channel is heard, and one follows each time that it is
    /// heard again. Where it ends or throws, it is called again a few seconds later.
    /// </summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>SHA-256 of certificates in lower-case hexadecimal; what is none is left alone.</returns>
    IAsyncEnumerable<string> ListenAsync(CancellationToken cancellationToken);
}
