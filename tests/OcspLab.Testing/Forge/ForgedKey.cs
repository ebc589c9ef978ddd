using System.Security.Cryptography;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace OcspLab.Testing.Forge;

/// <summary>
/// A key pair of any kind and the algorithm that it signs by: BouncyCastle's, so that nothing under test has a part in
/// it.
/// </summary>
public sealed record ForgedKey(AsymmetricCipherKeyPair Pair, string Algorithm)
{
    private static readonly SecureRandom Chance = new();

    /// <summary>SubjectPublicKeyInfo in DER.</summary>
    public byte[] PublicKeyInfo =>
        BoundTo is { } shape
            ? new SubjectPublicKeyInfo(shape.AlgorithmIdentifier, PublicKeyBits).GetDerEncoded()
            : SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(Pair.Public).GetDerEncoded();

    /// <summary>The content of the BIT STRING: what key hashes are over.</summary>
    public byte[] PublicKeyBits =>
        SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(Pair.Public).PublicKey.GetBytes();

    public ISignatureFactory Factory =>
        Pss is { } pss ? new PssFactory(Pair.Private, pss) : new Asn1SignatureFactory(Algorithm, Pair.Private, Chance);

    /// <summary>An unusual shape of RSASSA-PSS instead of <see cref="Algorithm"/>.</summary>
    public PssShape? Pss { get; init; }

    /// <summary>The only shape of RSASSA-PSS that the key says it is for (RFC 4055 §3.3).</summary>
    public PssShape? BoundTo { get; init; }

    public static ForgedKey Ecdsa(string curve = "P-256", string algorithm = "SHA256WITHECDSA")
    {
        var generator = new ECKeyPairGenerator();
        generator.Init(new ECKeyGenerationParameters(ECNamedCurveTable(curve), Chance));
        return new ForgedKey(generator.GenerateKeyPair(), algorithm);
    }

    public static ForgedKey Rsa(int size = 2048, string algorithm = "SHA256WITHRSA")
    {
        // The framework finds primes many times faster.
        using var rsa = RSA.Create(size);
        return new ForgedKey(DotNetUtilities.GetRsaKeyPair(rsa), algorithm);
    }

    public static ForgedKey Ed25519() =>
        Generate(new Ed25519KeyPairGenerator(), new Ed25519KeyGenerationParameters(Chance), "Ed25519");

    public static ForgedKey Ed448() =>
        Generate(new Ed448KeyPairGenerator(), new Ed448KeyGenerationParameters(Chance), "Ed448");

    public static ForgedKey MLDsa(MLDsaParameters parameters) =>
        Generate(new MLDsaKeyPairGenerator(), new MLDsaKeyGenerationParameters(Chance, parameters), parameters.Name);

    public byte[] Sign(byte[] data)
    {
        var calculator = Factory.CreateCalculator();
        using (var stream = calculator.Stream)
            stream.Write(data);
        return calculator.GetResult().Collect();
    }

    public byte[] AlgorithmIdentifier => ((AlgorithmIdentifier)Factory.AlgorithmDetails).GetDerEncoded();

    private static ForgedKey Generate(
        IAsymmetricCipherKeyPairGenerator generator,
        KeyGenerationParameters parameters,
        string algorithm
    )
    {
        generator.Init(parameters);
        return new ForgedKey(generator.GenerateKeyPair(), algorithm);
    }

    private static DerObjectIdentifier ECNamedCurveTable(string curve) =>
        Org.BouncyCastle.Asn1.X9.ECNamedCurveTable.GetOid(curve);

    private sealed class PssFactory(AsymmetricKeyParameter key, PssShape shape) : ISignatureFactory
    {
        public object AlgorithmDetails { get; } = shape.AlgorithmIdentifier;

        public IStreamCalculator<IBlockResult> CreateCalculator()
        {
            var signer = new PssSigner(
                new RsaBlindedEngine(),
                DigestUtilities.GetDigest(shape.Message),
                DigestUtilities.GetDigest(shape.Mask),
                shape.SaltLength
            );
            signer.Init(forSigning: true, new ParametersWithRandom(key, Chance));
            return new DefaultSignatureCalculator(signer);
        }
    }
}

/// <summary>The parameters of RSASSA-PSS (RFC 4055 §3.1).</summary>
public sealed record PssShape(string Message, string Mask, int SaltLength, int Trailer = 1)
{
    public AlgorithmIdentifier AlgorithmIdentifier =>
        new(
            PkcsObjectIdentifiers.IdRsassaPss,
            new RsassaPssParameters(
                new AlgorithmIdentifier(DigestUtilities.GetObjectIdentifier(Message), DerNull.Instance),
                new AlgorithmIdentifier(
                    PkcsObjectIdentifiers.IdMgf1,
                    new AlgorithmIdentifier(DigestUtilities.GetObjectIdentifier(Mask), DerNull.Instance)
                ),
                DerInteger.ValueOf(SaltLength),
                DerInteger.ValueOf(Trailer)
            )
        );
}
