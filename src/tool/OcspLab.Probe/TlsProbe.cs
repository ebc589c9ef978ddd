using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;
using TlsCertificate = Org.BouncyCastle.Tls.Certificate;

namespace OcspLab.Probe;

/// <summary>
/// A TLS client that asks for staples and keeps their bytes. Not the framework's:
/// <see cref="System.Net.Security.SslStream"/> shows no staple. It accepts any certificate, so it only looks and sends
/// nothing.
/// </summary>
public sealed class TlsProbe(TimeProvider clock)
{
    /// <summary>Connects, shakes hands, hangs up.</summary>
    /// <param name="host">A name or an address.</param>
    /// <param name="port">The port.</param>
    /// <param name="serverName">The name to ask for (SNI), or null for none.</param>
    /// <param name="version">What to offer.</param>
    /// <param name="timeout">The deadline of it all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ProbeException">No connection, no handshake, or not in time.</exception>
    public async Task<TlsHandshake> ConnectAsync(
        string host,
        int port,
        string? serverName,
        TlsVersion version,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        using var timer = new CancellationTokenSource(timeout, clock);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, deadline.Token).ConfigureAwait(false);
            // BouncyCastle's client blocks; closing the socket is what ends it.
            using var closing = deadline.Token.Register(socket.Dispose);
            return await Task.Run(() => Shake(socket, serverName, version), CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or ObjectDisposedException || deadline.IsCancellationRequested
            )
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ProbeException(
                $"{host}:{port} did not finish a handshake within {timeout.TotalSeconds:0.#} s.",
                exception
            );
        }
        catch (SocketException exception)
        {
            throw new ProbeException($"{host}:{port} cannot be reached: {exception.Message}.", exception);
        }
        catch (IOException exception)
        {
            throw new ProbeException(
                $"{host}:{port} refused the handshake: {exception.Message}. Is it TLS, and does it know this server "
                    + $"name?",
                exception
            );
        }
    }

    private TlsHandshake Shake(Socket socket, string? serverName, TlsVersion version)
    {
        using var stream = new NetworkStream(socket, ownsSocket: false);
        var client = new Client(serverName, version);
        var protocol = new Protocol(stream);
        var started = clock.GetTimestamp();
        protocol.Connect(client);
        var duration = clock.GetElapsedTime(started);
        protocol.Close();
        if (protocol.Tls12Staple is { } staple && client.Staples.Count > 0)
            client.Staples[0] = staple;
        return new TlsHandshake(client.Protocol, client.Cipher, duration, client.Certificates, client.Staples)
        {
            ServerName = serverName,
        };
    }

    /// <summary>
    /// Keeps the message CertificateStatus of TLS 1.2 to itself: BouncyCastle would decode it, and end the handshake
    /// over a staple that is none.
    /// </summary>
    private sealed class Protocol(Stream stream) : TlsClientProtocol(stream)
    {
        public ReadOnlyMemory<byte>? Tls12Staple { get; private set; }

        protected override void HandleHandshakeMessage(short type, HandshakeMessageInput buf)
        {
            if (type != HandshakeType.certificate_status)
            {
                base.HandleHandshakeMessage(type, buf);
                return;
            }

            // status_type (1), length (3), OCSPResponse (RFC 6066 §8). The message itself may be left out, so the
            // handshake goes on without.
            var message = buf.ToArray().AsSpan((int)buf.Position).ToArray();
            if (message.Length > 4 && message[0] == CertificateStatusType.ocsp)
                Tls12Staple = message.AsMemory(4);
        }
    }

    /// <summary>
    /// Hides must-staple from BouncyCastle, which would end the handshake over it: without a staple, and on TLS 1.3
    /// with one too, because it looks for the extension in ServerHello, where TLS 1.3 does not put it. The probe is
    /// there to see such servers.
    /// </summary>
    private sealed class Crypto : BcTlsCrypto
    {
        public override Org.BouncyCastle.Tls.Crypto.TlsCertificate CreateCertificate(short type, byte[] encoding) =>
            type == CertificateType.X509 ? new Shown(this, encoding) : base.CreateCertificate(type, encoding);

        private sealed class Shown(BcTlsCrypto crypto, byte[] encoding) : BcTlsCertificate(crypto, encoding)
        {
            public override byte[]? GetExtension(DerObjectIdentifier extensionOid) =>
                extensionOid.Equals(TlsObjectIdentifiers.id_pe_tlsfeature) ? null : base.GetExtension(extensionOid);
        }
    }

    private sealed class Client(string? serverName, TlsVersion version)
        : DefaultTlsClient(new Crypto()),
            TlsAuthentication
    {
        public string Protocol { get; private set; } = "";
        public string Cipher { get; private set; } = "";
        public List<X509Certificate2> Certificates { get; } = [];
        public List<ReadOnlyMemory<byte>?> Staples { get; } = [];

        public override TlsAuthentication GetAuthentication() => this;

        public TlsCredentials? GetClientCredentials(Org.BouncyCastle.Tls.CertificateRequest certificateRequest) => null;

        public override void NotifyHandshakeComplete()
        {
            base.NotifyHandshakeComplete();
            var parameters = m_context.SecurityParameters;
            Protocol = parameters.NegotiatedVersion.Equals(ProtocolVersion.TLSv13) ? "TLSv1.3" : "TLSv1.2";
            Cipher = SuiteName(parameters.CipherSuite);
        }

        public void NotifyServerCertificate(TlsServerCertificate serverCertificate)
        {
            var chain = serverCertificate.Certificate;
            for (var index = 0; index < chain.Length; index++)
            {
                Certificates.Add(X509CertificateLoader.LoadCertificate(chain.GetCertificateAt(index).GetEncoded()));
                Staples.Add(StapleOf(chain, index));
            }
        }

        protected override IList<ServerName>? GetSniServerNames() =>
            serverName is null
                ? null
                : [new ServerName(NameType.host_name, System.Text.Encoding.ASCII.GetBytes(serverName))];

        protected override ProtocolVersion[] GetSupportedVersions() =>
            version switch
            {
                TlsVersion.Tls12 => ProtocolVersion.TLSv12.Only(),
                TlsVersion.Tls13 => ProtocolVersion.TLSv13.Only(),
                _ => ProtocolVersion.TLSv13.DownTo(ProtocolVersion.TLSv12),
            };

        // TLS 1.3: extension status_request of a certificate's entry; its CertificateStatus is one octet of type, three
        // of length, the response (RFC 8446 §4.4.2.1).
        private static ReadOnlyMemory<byte>? StapleOf(TlsCertificate chain, int index)
        {
            if (
                chain.GetCertificateEntryAt(index).Extensions is { } extensions
                && extensions.TryGetValue(ExtensionType.status_request, out var status)
                && status.Length > 4
            )
                return status.AsMemory(4);
            return null;
        }

        private static string SuiteName(int suite) =>
            typeof(CipherSuite)
                .GetFields(BindingFlags.Public | BindingFlags.Static)
                .FirstOrDefault(field => field.IsLiteral && (int)field.GetRawConstantValue()! == suite)
                ?.Name
            ?? $"0x{suite:X4}";
    }
}
