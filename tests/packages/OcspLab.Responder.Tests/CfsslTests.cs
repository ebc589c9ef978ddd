using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>The database that cfssl keeps, written by cfssl.</summary>
[Trait("Ring", "program")]
public abstract class CfsslTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();

    private protected ResponderBench Bench => _bench;

    /// <summary>Makes cfssl's table, and tells how cfssl and the responder are to find it.</summary>
    private protected abstract Task<CfsslDatabase> CreateAsync();

    private protected abstract Task ExecuteAsync(string sql);

    [Fact]
    public async Task What_cfssl_issues_is_good_and_what_it_revokes_is_revoked()
    {
        var certificate = await StartAsync();
        var subject = OcspSubject.FromCertificate(certificate, Issuer);
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(subject)).Status.Kind);
        Assert.Equal("Unknown", await AskAsync(OcspSubject.FromSerial(1, Issuer)));
        // Version 1.2 leaves the identifier of the issuer's key out when it issues, and asks for it when it revokes.
        await ExecuteAsync($"UPDATE certificates SET authority_key_identifier = '{KeyIdentifier}'");
        await RunAsync(
            "cfssl",
            "revoke",
            "-db-config",
            "db.json",
            "-serial",
            Decimal(certificate),
            "-aki",
            KeyIdentifier,
            "-reason",
            "superseded"
        );
        await Poll.UntilAsync(
            async () =>
            {
                _bench.Clock.Advance(TimeSpan.FromSeconds(1));
                return await AskAsync(subject) == "Revoked";
            },
            "the revocation by cfssl"
        );
        Assert.Equal(
            RevocationReason.Superseded,
            (await _bench.AskAsync(ResponderBench.Question(subject))).Basic!.Responses.Single().Status.Reason
        );
    }

    [Fact]
    public async Task What_it_lists_is_signed_ahead()
    {
        _bench.Settings["Authorities:test:Presign"] = "Listed";
        await StartAsync();
        await Poll.UntilAsync(
            async () => (await _bench.Admin.GetStatusAsync(TestContext.Current.CancellationToken)).CachedResponses == 1,
            "the answer"
        );
    }

    public virtual ValueTask DisposeAsync() => _bench.DisposeAsync();

    private X509Certificate2 Issuer => field ??= X509CertificateLoader.LoadCertificateFromFile(_bench.Folder["ca.pem"]);

    private string KeyIdentifier =>
        Issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifier!.ToLowerInvariant();

    private static string Decimal(X509Certificate2 certificate) =>
        new System.Numerics.BigInteger(
            certificate.SerialNumberBytes.Span,
            isUnsigned: true,
            isBigEndian: true
        ).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private async Task<string> AskAsync(OcspSubject subject)
    {
        var answer = await _bench.AskAsync(ResponderBench.Question(subject));
        return answer.Basic?.Responses.Single().Status.Kind.ToString() ?? answer.Status.ToString();
    }

    /// <returns>A certificate that cfssl issued.</returns>
    private async Task<X509Certificate2> StartAsync()
    {
        Tool.Require("cfssl");
        // The test's clock stands still, at one day, and cfssl's does not: ahead of the certificates that are made in
        // the next seconds, or these would not be valid yet.
        _bench.Clock.Step(TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(10) - _bench.Clock.GetUtcNow());
        await RunAsync(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-subj",
            "/CN=cfssl CA",
            "-days",
            "60"
        );
        var database = await CreateAsync();
        await File.WriteAllTextAsync(
            _bench.Folder["db.json"],
            $$"""{"driver":"{{database.Driver}}","data_source":"{{database.DataSource}}"}""",
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            _bench.Folder["site.json"],
            """{"CN":"site","hosts":["site.test"],"key":{"algo":"ecdsa","size":256}}""",
            TestContext.Current.CancellationToken
        );
        var issued = await RunAsync(
            "cfssl",
            "gencert",
            "-ca",
            "ca.pem",
            "-ca-key",
            "ca.key",
            "-db-config",
            "db.json",
            "site.json"
        );
        _bench.Settings["Authorities:test:IssuerCertificate"] = _bench.Folder["ca.pem"];
        _bench.Settings["Authorities:test:Signers:0:Certificate"] = _bench.Folder["ca.pem"];
        _bench.Settings["Authorities:test:Signers:0:Key"] = _bench.Folder["ca.key"];
        _bench.Settings[$"Authorities:test:{database.Setting}"] = database.Value;
        await _bench.StartAsync();
        return X509Certificate2.CreateFromPem(JsonDocument.Parse(issued).RootElement.GetProperty("cert").GetString()!);
    }

    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        var result = await Tool.RunInAsync(_bench.Folder.Path, program, arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }

    /// <summary>Where the table is, for cfssl and for the responder.</summary>
    private protected sealed record CfsslDatabase(string Driver, string DataSource, string Setting, string Value);
}
