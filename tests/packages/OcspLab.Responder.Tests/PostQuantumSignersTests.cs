using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signatures;
using OcspLab.Ocsp.Signing;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>Authorities and delegates whose keys are for ML-DSA and SLH-DSA.</summary>
public sealed class PostQuantumSignersTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();
    private readonly PostQuantumAuthority _authority = new(PostQuantumAlgorithm.MLDsa65);

    [Theory, Trait("Ring", "slow")]
    [InlineData(PostQuantumAlgorithm.MLDsa44)]
    [InlineData(PostQuantumAlgorithm.SlhDsaSha2_128f)]
    public async Task A_delegate_signs_whatever_digest_is_set(PostQuantumAlgorithm algorithm)
    {
        using var key = PostQuantumKey.Generate(algorithm);
        await StartAsync(_bench.WriteSigner("delegate.pem", _authority.DelegateOf(key.PublicKey), key), "Sha512");
        var server = await IssueAsync();
        var staple = await _bench.StapleAsync(server);
        Assert.Equal(CertStatusKind.Good, staple.Status.Kind);
        await _bench.Registry.RevokeAsync(
            "server",
            RevocationReason.KeyCompromise,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(CertStatusKind.Revoked, (await _bench.StapleAsync(server)).Status.Kind);
    }

    [Fact]
    public async Task A_client_that_prefers_a_curve_gets_one_and_everybody_else_the_first_signers()
    {
        using var key = PostQuantumKey.Generate(PostQuantumAlgorithm.MLDsa44);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var classical = _authority.DelegateOf(new PublicKey(curve)).CopyWithPrivateKey(curve);

        _bench.Settings["Authorities:test:Signers:1:Certificate"] = _bench.WriteSigner("ec.pem", classical);
        await StartAsync(_bench.WriteSigner("delegate.pem", _authority.DelegateOf(key.PublicKey), key), "Sha256");
        var id = OcspSubject.FromSerial(0x4711, _authority.Certificate).ToCertId(CertIdHash.Sha1);
        Assert.Equal("2.16.840.1.101.3.4.3.17", await AlgorithmAsync(new OcspRequest { CertIds = [id] }));
        Assert.Equal(
            EcdsaSha256,
            await AlgorithmAsync(new OcspRequest { CertIds = [id], PreferredSignatureAlgorithms = [new(EcdsaSha256)] })
        );
    }

    [Fact]
    public async Task A_key_of_another_certificate_does_not_start()
    {
        using var key = PostQuantumKey.Generate(PostQuantumAlgorithm.MLDsa44);
        using var other = PostQuantumKey.Generate(PostQuantumAlgorithm.MLDsa44);
        var file = _bench.WriteSigner("delegate.pem", _authority.DelegateOf(key.PublicKey), other);
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(file, "Sha256"));
        Assert.Contains("is not the key of", exception.ToString(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        _authority.Dispose();
    }

    private Task StartAsync(string signer, string digest)
    {
        _bench.Settings["Authorities:test:IssuerCertificate"] = _bench.WriteCertificate(
            "ca.crt",
            _authority.Certificate
        );
        _bench.Settings["Authorities:test:Signers:0:Certificate"] = signer;
        _bench.Settings["Authorities:test:Signers:0:Password"] = "secret";
        _bench.Settings["Authorities:test:Signers:0:Digest"] = digest;
        return _bench.StartAsync();
    }

    private async Task<OcspSubject> IssueAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var server = _authority.Server(new PublicKey(key));
        await _bench.RegisterAsync(server);
        return OcspSubject.FromCertificate(server, _authority.Certificate);
    }

    private async Task<string> AlgorithmAsync(OcspRequest request) =>
        (await _bench.AskAsync(request)).Basic!.SignatureAlgorithm;

    private const string EcdsaSha256 = "1.2.840.10045.4.3.2";
}
