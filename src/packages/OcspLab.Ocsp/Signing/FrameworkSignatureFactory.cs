using System.Diagnostics.CodeAnalysis;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Crypto;
using BcAlgorithmIdentifier = Org.BouncyCastle.Asn1.X509.AlgorithmIdentifier;

namespace OcspLab.Ocsp.Signing;

/// <summary>
/// Lets BouncyCastle's generators sign with keys of the framework, which is many times faster, and of anybody else.
/// </summary>
internal sealed class FrameworkSignatureFactory(OcspSigningKey key, string algorithm) : ISignatureFactory
{
    public object AlgorithmDetails { get; } =
        new BcAlgorithmIdentifier(new DerObjectIdentifier(algorithm), key.HasNullParameters ? DerNull.Instance : null);

    public IStreamCalculator<IBlockResult> CreateCalculator() => new Calculator(key, algorithm);

    [SuppressMessage(
        "Design",
        "CA1001",
        Justification = "The stream is plain memory, and the interface has no way to end its life."
    )]
    private sealed class Calculator(OcspSigningKey key, string algorithm) : IStreamCalculator<IBlockResult>
    {
        private readonly MemoryStream _data = new();

        public Stream Stream => _data;

        // BouncyCastle has closed the stream by now; the buffer outlives that, its length property does not.
        public IBlockResult GetResult() =>
            new Result(key.Sign(_data.TryGetBuffer(out var data) ? data : _data.ToArray(), algorithm));
    }

    private sealed class Result(byte[] signature) : IBlockResult
    {
        public byte[] Collect() => signature;

        public int Collect(byte[] buf, int off)
        {
            signature.CopyTo(buf, off);
            return signature.Length;
        }

        public int Collect(Span<byte> output)
        {
            signature.CopyTo(output);
            return signature.Length;
        }

        public int GetMaxResultLength() => signature.Length;
    }
}
