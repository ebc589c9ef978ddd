using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace OcspLab.Ocsp.Signatures;

/// <summary>
/// Keys as the platform holds them. OpenSSL 3 takes ten times longer to read a key than to verify with it, and
/// authorities and their delegates come back with every response. Thread-safe: verifying doesn't change a key.
/// </summary>
internal static class PublicKeys
{
    private static readonly ConcurrentDictionary<ReadOnlyMemory<byte>, AsymmetricAlgorithm> Known = new(
        new SameBytes()
    );

    /// <exception cref="CryptographicException">It is not an RSA key, or not one that the platform takes.</exception>
    public static RSA Rsa(ReadOnlyMemory<byte> publicKeyInfo) => Get(publicKeyInfo, RSA.Create);

    /// <exception cref="CryptographicException">It is not an ECDSA key on a curve that the platform knows.</exception>
    public static ECDsa Ecdsa(ReadOnlyMemory<byte> publicKeyInfo) => Get(publicKeyInfo, ECDsa.Create);

    private static T Get<T>(ReadOnlyMemory<byte> publicKeyInfo, Func<T> create)
        where T : AsymmetricAlgorithm
    {
        if (Known.TryGetValue(publicKeyInfo, out var known))
            return known as T ?? throw new CryptographicException("The key is of another kind.");
        var key = create();
        try
        {
            key.ImportSubjectPublicKeyInfo(publicKeyInfo.Span, out _);
        }
        catch
        {
            key.Dispose();
            throw;
        }

        // What is dropped may be in use by another thread: the collector disposes of it.
        if (Known.Count >= MaximumKeys)
            Known.Clear();
        Known.TryAdd(publicKeyInfo.ToArray(), key);
        return key;
    }

    private sealed class SameBytes : IEqualityComparer<ReadOnlyMemory<byte>>
    {
        public bool Equals(ReadOnlyMemory<byte> left, ReadOnlyMemory<byte> right) =>
            left.Span.SequenceEqual(right.Span);

        public int GetHashCode([DisallowNull] ReadOnlyMemory<byte> bytes)
        {
            var hash = new HashCode();
            hash.AddBytes(bytes.Span);
            return hash.ToHashCode();
        }
    }

    // Issuers that the caller names, and delegates that these certified: hundreds would be many.
    private const int MaximumKeys = 512;
}
