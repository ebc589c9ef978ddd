using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OcspLab.Lab;
using OcspLab.Ocsp;
using OcspLab.Pki;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>The responder as a service on real sockets, over a lab's certificates.</summary>
public sealed class ResponderFixture : IAsyncLifetime
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

    public byte[] Request(CertIdHash hash = CertIdHash.Sha1) => new OcspRequest { CertIds = [Subject.ToCertId(hash)] }.Encode();

    public HttpClient Http { get; } = new();

    public async ValueTask InitializeAsync()
    {
        var topology = new LabTopology { Directory = _folder.Path, Ports = new LabPorts { Responder = 0, ResponderAdmin = 0 }, KeyAlgorithm = KeyAlgorithm.Ecdsa };
        Pki = new LabPki(topology.PkiDirectory, new PkiOptions { KeyAlgorithm = KeyAlgorithm.Ecdsa }, TimeProvider.System);
        var certificates = Pki.Ensure();
        _service = ResponderService.Create(topology.ArgumentsOf(LabTopology.Responder), builder => builder.Logging.ClearProviders());
        await _service.StartAsync();
        await Registry.RegisterAsync(certificates, TimeProvider.System, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Service.DisposeAsync();
        _folder.Dispose();
    }
}
