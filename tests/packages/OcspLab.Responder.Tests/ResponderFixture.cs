using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OcspLab.Ocsp.Requests;
using OcspLab.Pki;
using OcspLab.Responder.Hosting;
using OcspLab.Responder.Listening;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>The responder as a service on real sockets, over a lab's certificates.</summary>
public sealed class ResponderFixture(LabFolder lab) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private WebApplication? _service;

    public LabPki Pki { get; private set; } = null!;

    public Uri Url => Service.Services.GetRequiredService<OcspListener>().Url!;

    public Uri AdminUrl => new(Service.Urls.First());

    public string TokenFile => _folder["admin-token"];

    public string Folder => _folder.Path;

    public WebApplication Service => _service!;

    public ICertificateRegistry Registry => Service.Services.GetRequiredService<ICertificateRegistry>();

    public X509Certificate2 Issuer => X509CertificateLoader.LoadCertificateFromFile(Pki.Intermediate.Certificate);

    public X509Certificate2 Echo => X509CertificateLoader.LoadCertificateFromFile(Pki.FilesOf("echo").Certificate);

    public OcspSubject Subject => OcspSubject.FromCertificate(Echo, Issuer);

    public byte[] Request(CertIdHash hash = CertIdHash.Sha1) =>
        new OcspRequest { CertIds = [Subject.ToCertId(hash)] }.Encode();

    public HttpClient Http { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Pki = lab.CopyTo(_folder["pki"]);
        var certificates = Pki.Ensure();
        _service = ResponderService.Create(Arguments(), builder => builder.Logging.ClearProviders());
        await _service.StartAsync();
        foreach (var certificate in certificates)
            await Registry.RegisterAsync(
                new RegisteredCertificate(
                    certificate.Name,
                    certificate.SerialNumber,
                    DateTimeOffset.UtcNow,
                    certificate.NotAfter
                ),
                CancellationToken.None
            );
    }

    private string[] Arguments()
    {
        const string authority = "--Responder:Authorities:intermediate";
        return
        [
            "--Responder:Port=0",
            "--Responder:AdminPort=0",
            $"--Responder:AdminTokenFile={TokenFile}",
            $"{authority}:Database={_folder["responder.db"]}",
            $"{authority}:IssuerCertificate={Pki.Intermediate.Certificate}",
            .. Signer($"{authority}:Signers:0", Pki.OcspSigner),
            "--Responder:Faults=DangerousOn",
            .. Signer("--Responder:FaultSigners:WithoutOcspSigning", Pki.SignerWithoutOcspSigning),
            .. Signer("--Responder:FaultSigners:Expired", Pki.ExpiredSigner),
            "--Responder:Journal=10000",
            "--Responder:Validity=01:00:00",
            "--Responder:MaximumCacheAge=00:00:05",
        ];
    }

    private static string[] Signer(string key, CertificateFiles files) =>
        [$"{key}:Certificate={files.Certificate}", $"{key}:Key={files.Key}", $"{key}:PasswordFile={files.Password}"];

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Service.DisposeAsync();
        _folder.Dispose();
    }
}
