using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Ocsp.Verification;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Hosting;
using OcspLab.Responder.Listening;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>A clock that a test moves, and sets: timers and timestamps go on as if nothing had been set.</summary>
internal sealed class SteppingClock() : FakeTimeProvider(TestAuthority.Now)
{
    private TimeSpan _step;

    public void Step(TimeSpan by) => _step += by;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _step;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}

/// <summary>
/// A responder of one's own on real sockets, on a clock that a test moves. It answers for <see cref="Authority"/>
/// unless the settings say otherwise.
/// </summary>
internal sealed class ResponderBench : IAsyncDisposable
{
    private WebApplication? _service;
    private ResponderAdminClient? _admin;

    public TempFolder Folder { get; } = new();

    public TestAuthority Authority { get; } = new();

    public SteppingClock Clock { get; } = new();

    public HttpClient Http { get; } = new();

    public FakeLogCollector Log { get; } = new();

    /// <summary>Settings below <c>Responder</c>.</summary>
    public Dictionary<string, string> Settings { get; } = new() { ["Port"] = "0", ["AdminPort"] = "0" };

    /// <summary>What the authority named "test" has issued, when the settings name no other source.</summary>
    public InMemoryCertificateRegistry Registry => field ??= new InMemoryCertificateRegistry(Clock);

    /// <summary>Another source instead.</summary>
    public IStatusSource? Source { get; init; }

    /// <summary>Puts something in the place of a service.</summary>
    public Action<IServiceCollection>? Configure { get; init; }

    public IServiceProvider Services => _service!.Services;

    public Uri Url => Services.GetRequiredService<OcspListener>().Url!;

    public Uri AdminUrl => new(_service!.Urls.First());

    public ResponderAdminClient Admin =>
        _admin ??= new ResponderAdminClient(AdminUrl, AdminToken.LoadOrCreate(Folder["admin-token"]));

    /// <summary>Names an authority and who signs for it.</summary>
    public void Add(string name, X509Certificate2 issuer, params X509Certificate2[] signers)
    {
        Settings[$"Authorities:{name}:IssuerCertificate"] = WriteCertificate($"{name}.crt", issuer);
        for (var index = 0; index < signers.Length; index++)
            Settings[$"Authorities:{name}:Signers:{index}:Certificate"] = WriteSigner(
                $"{name}-{index}.pem",
                signers[index]
            );
    }

    public string WriteCertificate(string name, X509Certificate2 certificate)
    {
        File.WriteAllText(Folder[name], certificate.ExportCertificatePem());
        return Folder[name];
    }

    /// <summary>Certificate and key in one file.</summary>
    public string WriteSigner(string name, X509Certificate2 signer)
    {
        var key = (System.Security.Cryptography.AsymmetricAlgorithm?)signer.GetRSAPrivateKey()
            ?? signer.GetECDsaPrivateKey()!;
        File.WriteAllText(Folder[name], $"{signer.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");
        return Folder[name];
    }

    /// <summary>The same of a key that the framework may not know, encrypted with "secret".</summary>
    public string WriteSigner(string name, X509Certificate2 certificate, PostQuantumKey key)
    {
        File.WriteAllText(Folder[name], $"{certificate.ExportCertificatePem()}\n{key.ExportEncryptedPem("secret")}\n");
        return Folder[name];
    }

    public async Task StartAsync()
    {
        Settings["AdminTokenFile"] = Folder["admin-token"];
        if (!Settings.Keys.Any(key => key.StartsWith("Authorities:", StringComparison.Ordinal)))
            Add("test", Authority.Certificate, Authority.Delegate());
        _service = ResponderService.Create(
            [.. Settings.Select(setting => $"--Responder:{setting.Key}={setting.Value}")],
            builder =>
            {
                builder.Logging.ClearProviders().AddProvider(new FakeLoggerProvider(Log));
                builder.Services.AddSingleton<TimeProvider>(Clock);
                if (
                    !Settings.Keys.Any(key =>
                        key.Split(':')
                            is [_, _, "Database" or "Index" or "Crl" or "PostgreSql" or "Cfssl" or "CfsslPostgreSql"]
                                or [_, _, "Crls", _]
                    )
                )
                    builder.Services.AddKeyedSingleton("test", Source ?? Registry);
                Configure?.Invoke(builder.Services);
            }
        );
        await _service.StartAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Tells the registry of a certificate.</summary>
    public Task RegisterAsync(X509Certificate2 certificate, string name = "server") =>
        Registry.RegisterAsync(
            new RegisteredCertificate(
                name,
                certificate.SerialNumber.ToLowerInvariant(),
                Clock.GetUtcNow(),
                certificate.NotAfter.ToUniversalTime()
            ),
            TestContext.Current.CancellationToken
        );

    public async Task<HttpResponseMessage> PostAsync(OcspRequest request) => await PostAsync(request.Encode());

    public async Task<HttpResponseMessage> PostAsync(byte[] request)
    {
        using var content = new ByteArrayContent(request);
        content.Headers.ContentType = new("application/ocsp-request");
        return await Http.PostAsync(Url, content, TestContext.Current.CancellationToken);
    }

    /// <summary>What the responder says, believed or not.</summary>
    public async Task<OcspResponse> AskAsync(OcspRequest request)
    {
        using var response = await PostAsync(request);
        Assert.Equal(System.Net.HttpStatusCode.OK, response.StatusCode);
        Assert.True(
            OcspResponse.TryDecode(
                await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken),
                out var decoded,
                out var rejection
            ),
            rejection?.ToString()
        );
        return decoded;
    }

    /// <summary>What a client makes of the answer.</summary>
    public async Task<VerificationResult> VerifyAsync(OcspSubject subject, CertIdHash hash = CertIdHash.Sha1)
    {
        using var response = await PostAsync(Question(subject, hash));
        return OcspVerifier.Verify(
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken),
            subject,
            new VerificationPolicy(),
            Clock.GetUtcNow()
        );
    }

    public async Task<VerifiedStaple> StapleAsync(OcspSubject subject, CertIdHash hash = CertIdHash.Sha1)
    {
        Assert.True(
            (await VerifyAsync(subject, hash)).TryGetStaple(out var staple, out var rejection),
            rejection?.ToString()
        );
        return staple;
    }

    /// <summary>One question about certificates of the authority.</summary>
    public OcspRequest QuestionAbout(params int[] serials) =>
        new()
        {
            CertIds =
            [
                .. serials.Select(serial =>
                    OcspSubject.FromSerial(serial, Authority.Certificate).ToCertId(CertIdHash.Sha1)
                ),
            ],
        };

    public static OcspRequest Question(OcspSubject subject, CertIdHash hash = CertIdHash.Sha1) =>
        new() { CertIds = [subject.ToCertId(hash)] };

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _admin?.Dispose();
        if (_service is not null)
            await _service.DisposeAsync();

        Folder.Dispose();
    }
}
