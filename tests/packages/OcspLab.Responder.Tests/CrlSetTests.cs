using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Testing;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;
using BigInteger = Org.BouncyCastle.Math.BigInteger;

namespace OcspLab.Responder.Tests;

/// <summary>CRLs that are read together: delta CRLs, and those of several distribution points.</summary>
public sealed class CrlSetTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();

    [Fact]
    public async Task A_delta_crl_adds_and_takes_off_what_has_changed_since_the_complete_one()
    {
        await WriteAsync("ca.crl", 5, -2, [(1, CrlReason.KeyCompromise), (2, CrlReason.CertificateHold)]);
        await WriteAsync("delta.crl", 7, -1, [(2, CrlReason.RemoveFromCrl), (3, CrlReason.Superseded)], generator =>
            generator.AddExtension(X509Extensions.DeltaCrlIndicator, true, new CrlNumber(BigInteger.Five))
        );
        await StartAsync(("Crl", "ca.crl"), ("DeltaCrl", "delta.crl"));
        Assert.Equal("Revoked", await AskAsync(1));
        Assert.Equal("Good", await AskAsync(2));
        Assert.Equal("Revoked", await AskAsync(3));
        Assert.Equal("Good", await AskAsync(4));
        Assert.Equal(TestAuthority.Now.AddHours(-1), (await _bench.StapleAsync(Subject(3))).ThisUpdate);
        // One that belongs to a complete list that is not there yet is left aside.
        await WriteAsync("delta.crl", 9, 0, [(4, CrlReason.Superseded)], generator =>
            generator.AddExtension(X509Extensions.DeltaCrlIndicator, true, new CrlNumber(BigInteger.ValueOf(8)))
        );
        await Poll.UntilAsync(async () => await TickAsync(3) == "Good", "the complete list alone");
        Assert.Equal("Revoked", await AskAsync(2));
        Assert.Equal("Good", await AskAsync(4));
    }

    [Fact]
    public async Task Those_of_all_distribution_points_are_one_list_and_all_of_them_are_needed()
    {
        await WriteAsync("one.crl", 1, -2, [(1, CrlReason.KeyCompromise)], Point("one"));
        await WriteAsync("two.crl", 1, -1, [(2, CrlReason.KeyCompromise)], Point("two"));
        await StartAsync(("Crls:0", "one.crl"), ("Crls:1", "two.crl"));
        Assert.Equal("Revoked", await AskAsync(1));
        Assert.Equal("Revoked", await AskAsync(2));
        Assert.Equal("Good", await AskAsync(3));
        Assert.Equal(TestAuthority.Now.AddHours(-2), (await _bench.StapleAsync(Subject(2))).ThisUpdate);
        _bench.Clock.Advance(TimeSpan.FromHours(5));
        await WriteAsync("two.crl", 2, 0, [(2, CrlReason.KeyCompromise)], Point("two"));
        // The other has ended.
        await Poll.UntilAsync(async () => await TickAsync(2) == "TryLater", "the end of one of them");
    }

    [Fact]
    public async Task A_complete_list_is_no_delta_crl()
    {
        await WriteAsync("ca.crl", 5, -2, [(1, CrlReason.KeyCompromise)]);
        await WriteAsync("delta.crl", 6, -1, []);
        await StartAsync(("Crl", "ca.crl"), ("DeltaCrl", "delta.crl"));
        Assert.Equal("Revoked", await AskAsync(1));
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private OcspSubject Subject(int serial) => OcspSubject.FromSerial(serial, _bench.Authority.Certificate);

    private async Task<string> AskAsync(int serial)
    {
        var answer = await _bench.AskAsync(ResponderBench.Question(Subject(serial)));
        return answer.Basic?.Responses.Single().Status.Kind.ToString() ?? answer.Status.ToString();
    }

    private Task<string> TickAsync(int serial)
    {
        _bench.Clock.Advance(TimeSpan.FromSeconds(1));
        return AskAsync(serial);
    }

    private Task StartAsync(params (string Key, string File)[] lists)
    {
        _bench.Add("test", _bench.Authority.Certificate, _bench.Authority.Delegate());
        foreach (var (key, file) in lists)
            _bench.Settings[$"Authorities:test:{key}"] = _bench.Folder[file];
        return _bench.StartAsync();
    }

    private static Action<X509V2CrlGenerator> Point(string name) =>
        generator =>
            generator.AddExtension(
                X509Extensions.IssuingDistributionPoint,
                true,
                new IssuingDistributionPoint(
                    new DistributionPointName(
                        new GeneralNames(
                            new GeneralName(GeneralName.UniformResourceIdentifier, $"http://ca.test/{name}")
                        )
                    ),
                    false,
                    false
                )
            );

    private Task WriteAsync(
        string file,
        int number,
        int hours,
        (int Serial, int Reason)[] entries,
        Action<X509V2CrlGenerator>? extend = null
    )
    {
        var generator = new X509V2CrlGenerator();
        var from = _bench.Clock.GetUtcNow().AddHours(hours);
        generator.SetIssuerDN(
            X509Name.GetInstance(
                Org.BouncyCastle.Asn1.Asn1Object.FromByteArray(_bench.Authority.Certificate.SubjectName.RawData)
            )
        );
        generator.SetThisUpdate(from.UtcDateTime);
        generator.SetNextUpdate(from.AddHours(6).UtcDateTime);
        foreach (var (serial, reason) in entries)
            generator.AddCrlEntry(BigInteger.ValueOf(serial), TestAuthority.Now.AddDays(-1).UtcDateTime, reason);
        generator.AddExtension(X509Extensions.CrlNumber, false, new CrlNumber(BigInteger.ValueOf(number)));
        extend?.Invoke(generator);
        using var key = _bench.Authority.Certificate.GetECDsaPrivateKey()!;
        var crl = generator.Generate(
            new Asn1SignatureFactory("SHA256withECDSA", PrivateKeyFactory.CreateKey(key.ExportPkcs8PrivateKey()))
        );
        return File.WriteAllBytesAsync(_bench.Folder[file], crl.GetEncoded(), TestContext.Current.CancellationToken);
    }
}
