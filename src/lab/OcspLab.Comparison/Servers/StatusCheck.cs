using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Comparison.Servers;

/// <summary>
/// How a client learns the status of one server's certificate: by verifying what it was given, or by asking first.
/// </summary>
internal sealed class StatusCheck : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2 _issuer;
    private readonly OcspSubject _subject;
    private readonly byte[] _request;

    public StatusCheck(ComparisonLab lab, ServerPlace place)
    {
        _clock = lab.Clock;
        _certificate = X509CertificateLoader.LoadCertificateFromFile(place.Certificate.Certificate);
        _issuer = X509CertificateLoader.LoadCertificateFromFile(lab.IssuerFile);
        _subject = OcspSubject.FromCertificate(_certificate, _issuer);
        _request = new OcspRequest { CertIds = [_subject.ToCertId(CertIdHash.Sha1)] }.Encode();
    }

    /// <summary>Whether an answer verifies, and says good.</summary>
    public bool IsGood(ReadOnlyMemory<byte> answer) =>
        OcspVerifier.Verify(answer, _subject, Policy, _clock.GetUtcNow()).TryGetStaple(out var staple, out _)
        && staple.Status.Kind == CertStatusKind.Good;

    /// <summary>Asks a responder on 127.0.0.1, on a connection of its own.</summary>
    /// <param name="port">Where it is.</param>
    /// <param name="from">The client's own address, or null for any.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<ReadOnlyMemory<byte>> AskAsync(int port, IPAddress? from, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(
            new SocketsHttpHandler
            {
                UseProxy = false,
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
                    {
                        NoDelay = true,
                    };
                    socket.Bind(new IPEndPoint(from ?? IPAddress.Any, 0));
                    await socket
                        .ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation)
                        .ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            },
            disposeHandler: true
        );
        using var content = new ByteArrayContent(_request);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/ocsp-request");
        using var answer = await http.PostAsync(new Uri($"http://127.0.0.1:{port}/"), content, cancellationToken)
            .ConfigureAwait(false);
        return await answer
            .EnsureSuccessStatusCode()
            .Content.ReadAsByteArrayAsync(cancellationToken)
            .ConfigureAwait(false);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _issuer.Dispose();
    }

    private static readonly VerificationPolicy Policy = new() { ClockSkew = TimeSpan.FromSeconds(1) };
}
