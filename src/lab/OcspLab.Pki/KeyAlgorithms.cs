using OcspLab.Ocsp.Signatures;

namespace OcspLab.Pki;

/// <summary>What the kinds of key are called, and what they are good for.</summary>
public static class KeyAlgorithms
{
    /// <summary>Those that TLS stacks everywhere take for a server.</summary>
    public static IReadOnlyList<KeyAlgorithm> ForServers { get; } = [KeyAlgorithm.Rsa, KeyAlgorithm.Ecdsa];

    /// <summary>The names of all, as people write them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<KeyAlgorithm>().Select(ToName)];

    /// <summary>Its name, such as <c>ml-dsa-65</c>.</summary>
    public static string ToName(this KeyAlgorithm algorithm) =>
        algorithm switch
        {
            KeyAlgorithm.Rsa => "rsa",
            KeyAlgorithm.Ecdsa => "ecdsa",
            KeyAlgorithm.MLDsa44 => "ml-dsa-44",
            KeyAlgorithm.MLDsa65 => "ml-dsa-65",
            KeyAlgorithm.MLDsa87 => "ml-dsa-87",
            KeyAlgorithm.SlhDsa128s => "slh-dsa-128s",
            KeyAlgorithm.SlhDsa128f => "slh-dsa-128f",
            _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "There is no such kind."),
        };

    /// <summary>The kind of a name.</summary>
    /// <exception cref="ArgumentException">It is no name of one.</exception>
    public static KeyAlgorithm FromName(string name) =>
        Enum.GetValues<KeyAlgorithm>().Cast<KeyAlgorithm?>().FirstOrDefault(kind => kind!.Value.ToName() == name)
        ?? throw new ArgumentException($"There is no kind of key named '{name}'.", nameof(name));

    /// <summary>The same for the post-quantum ones, else null.</summary>
    internal static PostQuantumAlgorithm? PostQuantum(this KeyAlgorithm algorithm) =>
        algorithm switch
        {
            KeyAlgorithm.MLDsa44 => PostQuantumAlgorithm.MLDsa44,
            KeyAlgorithm.MLDsa65 => PostQuantumAlgorithm.MLDsa65,
            KeyAlgorithm.MLDsa87 => PostQuantumAlgorithm.MLDsa87,
            KeyAlgorithm.SlhDsa128s => PostQuantumAlgorithm.SlhDsaSha2_128s,
            KeyAlgorithm.SlhDsa128f => PostQuantumAlgorithm.SlhDsaSha2_128f,
            _ => null,
        };
}
