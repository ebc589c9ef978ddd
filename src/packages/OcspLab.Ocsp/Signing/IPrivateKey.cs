namespace OcspLab.Ocsp.Signing;

/// <summary>A key that signs, of whatever kind. Thread-safe.</summary>
internal interface IPrivateKey : IDisposable
{
    /// <summary>The identifiers of what it can sign by, the default first.</summary>
    IReadOnlyList<string> Algorithms { get; }

    /// <summary>
    /// Whether an AlgorithmIdentifier has NULL for its parameters, as those of RSA have (RFC 4055 §5); else none.
    /// </summary>
    bool HasNullParameters { get; }

    /// <exception cref="System.Security.Cryptography.CryptographicException">It cannot sign.</exception>
    byte[] Sign(ReadOnlySpan<byte> data, string algorithm);
}
