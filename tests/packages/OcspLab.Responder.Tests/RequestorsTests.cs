using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>A responder that answers only those who sign; the requests are openssl's.</summary>
[Trait("Ring", "program")]
public sealed class RequestorsTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();
    private readonly TestAuthority _clients = new("CN=Clients CA");
    private readonly X509Certificate2 _server;

    public RequestorsTests() => _server = _bench.Authority.Server();

    [Fact, Trait("Rule", "R8")]
    public async Task Unsigned_requests_are_told_to_sign()
    {
        await StartAsync();
        var request = ResponderBench.Question(OcspSubject.FromCertificate(_server, _bench.Authority.Certificate));
        Assert.Equal(OcspResponseStatus.SigRequired, (await _bench.AskAsync(request)).Status);
        // Nor do they get what was made ready for somebody else.
        Assert.Equal(OcspResponseStatus.Successful, await AskSignedAsync(_clients.Server()));
        Assert.Equal(OcspResponseStatus.SigRequired, (await _bench.AskAsync(request)).Status);
    }

    [Fact, Trait("Rule", "R8")]
    public async Task A_stranger_is_not_answered()
    {
        await StartAsync();
        Assert.Equal(
            OcspResponseStatus.Unauthorized,
            await AskSignedAsync(new TestAuthority("CN=Clients CA").Server())
        );
    }

    [Fact, Trait("Rule", "R8")]
    public async Task A_signature_over_something_else_is_nobodys()
    {
        await StartAsync();
        var signed = await SignAsync(_clients.Server());
        // The last octet of the serial number, which the signature covers.
        var serial = _server.SerialNumberBytes.Span;
        signed[signed.AsSpan().IndexOf(serial) + serial.Length - 1] ^= 1;
        using var response = await _bench.PostAsync(signed);
        Assert.Equal(
            [0x30, 0x03, 0x0a, 0x01, 0x06],
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)
        );
    }

    [Fact, Trait("Rule", "R8")]
    public async Task Where_nobody_has_to_sign_a_signature_changes_nothing()
    {
        await _bench.StartAsync();
        await _bench.RegisterAsync(_server);
        Assert.Equal(OcspResponseStatus.Successful, await AskSignedAsync(new TestAuthority().Server()));
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private async Task StartAsync()
    {
        _bench.Settings["Requestors"] = _bench.WriteCertificate("clients.pem", _clients.Certificate);
        await _bench.StartAsync();
        await _bench.RegisterAsync(_server);
    }

    private async Task<OcspResponseStatus> AskSignedAsync(X509Certificate2 client)
    {
        using var response = await _bench.PostAsync(await SignAsync(client));
        Assert.True(
            OcspResponse.TryDecode(
                await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken),
                out var decoded,
                out _
            )
        );
        return decoded.Status;
    }

    private async Task<byte[]> SignAsync(X509Certificate2 client)
    {
        var signer = _bench.WriteSigner("client.pem", client);
        var result = await Tool.RunInAsync(
            _bench.Folder.Path,
            "openssl",
            "ocsp",
            "-issuer",
            _bench.WriteCertificate("issuer.pem", _bench.Authority.Certificate),
            "-cert",
            _bench.WriteCertificate("server.pem", _server),
            "-no_nonce",
            "-signer",
            signer,
            "-reqout",
            "request.der"
        );
        Assert.True(result.ExitCode == 0, result.Error);
        return await File.ReadAllBytesAsync(_bench.Folder["request.der"], TestContext.Current.CancellationToken);
    }
}
