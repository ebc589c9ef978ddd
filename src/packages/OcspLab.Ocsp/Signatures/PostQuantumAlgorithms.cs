using System.Globalization;
using System.Security.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace OcspLab.Ocsp.Signatures;

/// <summary>The identifiers of <see cref="PostQuantumAlgorithm"/>, and how its keys are made.</summary>
internal static class PostQuantumAlgorithms
{
    /// <summary>The algorithm of an identifier, or null. Those that hash beforehand are not among them.</summary>
    public static PostQuantumAlgorithm? Find(string oid) =>
        oid.StartsWith(Prefix, StringComparison.Ordinal)
        && int.TryParse(oid.AsSpan(Prefix.Length), out var arc)
        && Enum.IsDefined((PostQuantumAlgorithm)arc)
            ? (PostQuantumAlgorithm)arc
            : null;

    /// <summary>The identifier of key and signature.</summary>
    public static string OidOf(PostQuantumAlgorithm algorithm) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{(int)algorithm}");

    /// <summary>What the platform calls it, or null for SLH-DSA.</summary>
    public static MLDsaAlgorithm? OfPlatform(PostQuantumAlgorithm algorithm) =>
        algorithm switch
        {
            PostQuantumAlgorithm.MLDsa44 => MLDsaAlgorithm.MLDsa44,
            PostQuantumAlgorithm.MLDsa65 => MLDsaAlgorithm.MLDsa65,
            PostQuantumAlgorithm.MLDsa87 => MLDsaAlgorithm.MLDsa87,
            _ => null,
        };

    /// <exception cref="ArgumentOutOfRangeException">There is no such algorithm.</exception>
    public static AsymmetricKeyParameter Generate(PostQuantumAlgorithm algorithm)
    {
        IAsymmetricCipherKeyPairGenerator generator;
        if (MLDsaOf(algorithm) is { } mlDsa)
        {
            generator = new MLDsaKeyPairGenerator();
            generator.Init(new MLDsaKeyGenerationParameters(new SecureRandom(), mlDsa));
        }
        else
        {
            generator = new SlhDsaKeyPairGenerator();
            generator.Init(new SlhDsaKeyGenerationParameters(new SecureRandom(), SlhDsaOf(algorithm)));
        }

        return generator.GenerateKeyPair().Private;
    }

    private static MLDsaParameters? MLDsaOf(PostQuantumAlgorithm algorithm) =>
        algorithm switch
        {
            PostQuantumAlgorithm.MLDsa44 => MLDsaParameters.ml_dsa_44,
            PostQuantumAlgorithm.MLDsa65 => MLDsaParameters.ml_dsa_65,
            PostQuantumAlgorithm.MLDsa87 => MLDsaParameters.ml_dsa_87,
            _ => null,
        };

    private static SlhDsaParameters SlhDsaOf(PostQuantumAlgorithm algorithm) =>
        algorithm switch
        {
            PostQuantumAlgorithm.SlhDsaSha2_128s => SlhDsaParameters.slh_dsa_sha2_128s,
            PostQuantumAlgorithm.SlhDsaSha2_128f => SlhDsaParameters.slh_dsa_sha2_128f,
            PostQuantumAlgorithm.SlhDsaSha2_192s => SlhDsaParameters.slh_dsa_sha2_192s,
            PostQuantumAlgorithm.SlhDsaSha2_192f => SlhDsaParameters.slh_dsa_sha2_192f,
            PostQuantumAlgorithm.SlhDsaSha2_256s => SlhDsaParameters.slh_dsa_sha2_256s,
            PostQuantumAlgorithm.SlhDsaSha2_256f => SlhDsaParameters.slh_dsa_sha2_256f,
            PostQuantumAlgorithm.SlhDsaShake128s => SlhDsaParameters.slh_dsa_shake_128s,
            PostQuantumAlgorithm.SlhDsaShake128f => SlhDsaParameters.slh_dsa_shake_128f,
            PostQuantumAlgorithm.SlhDsaShake192s => SlhDsaParameters.slh_dsa_shake_192s,
            PostQuantumAlgorithm.SlhDsaShake192f => SlhDsaParameters.slh_dsa_shake_192f,
            PostQuantumAlgorithm.SlhDsaShake256s => SlhDsaParameters.slh_dsa_shake_256s,
            PostQuantumAlgorithm.SlhDsaShake256f => SlhDsaParameters.slh_dsa_shake_256f,
            _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "There is no such algorithm."),
        };

    // NIST's sigAlgs.
    private const string Prefix = "2.16.840.1.101.3.4.3.";
}
