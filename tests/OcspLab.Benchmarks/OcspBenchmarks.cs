using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Benchmarks;

/// <summary>Decode, verify and build one response of one certificate, signed by a delegate.</summary>
[MemoryDiagnoser]
[SuppressMessage("Performance", "CA1822", Justification = "BenchmarkDotNet calls instance methods.")]
public class OcspBenchmarks
{
    private readonly byte[] _request = new OcspRequest { CertIds = [Specimens.Ecdsa.Answer.CertId] }.Encode();

    [Benchmark]
    public bool DecodeRequest() => OcspRequest.TryDecode(_request, out _, out _);

    [Benchmark]
    public bool DecodeResponse() => OcspResponse.TryDecode(Specimens.Rsa.Response, out _, out _);

    [Benchmark]
    public bool VerifyRsa2048() => Verify(Specimens.Rsa);

    [Benchmark]
    public bool VerifyEcdsaP256() => Verify(Specimens.Ecdsa);

    [Benchmark]
    public byte[] BuildRsa2048() => Specimens.Rsa.Build();

    [Benchmark]
    public byte[] BuildEcdsaP256() => Specimens.Ecdsa.Build();

    private static readonly VerificationPolicy Policy = new();

    private static bool Verify(Specimens specimens) =>
        OcspVerifier.Verify(specimens.Response, specimens.Subject, Policy, Specimens.Now).TryGetStaple(out _, out _)
            ? true
            : throw new BenchmarkException("The specimen does not verify.");
}
