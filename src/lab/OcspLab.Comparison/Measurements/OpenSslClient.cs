using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using OcspLab.Lab;
using OcspLab.Probe;

namespace OcspLab.Comparison.Measurements;

/// <summary>
/// A TLS client on the system's OpenSSL, for what <see cref="TlsProbe"/> is too slow for and SslStream too closed: it
/// asks for a staple and keeps its bytes, resumes sessions, and counts what the server sent. It believes any
/// certificate, so it only measures and sends nothing of worth.
/// </summary>
internal sealed class OpenSslClient : IDisposable
{
    private readonly int _port;
    private readonly nint _serverName;
    private readonly nint _context;
    private nint _session;

    /// <summary>Makes a client for one server.</summary>
    /// <param name="port">The server's, on 127.0.0.1.</param>
    /// <param name="serverName">The name to ask for (SNI).</param>
    /// <param name="version">What to offer.</param>
    public OpenSslClient(int port, string serverName, TlsVersion version)
    {
        _port = port;
        _context = SSL_CTX_new(TLS_client_method());
        if (_context == 0)
            throw new LabException("OpenSSL gives no context.");
        _serverName = Marshal.StringToCoTaskMemUTF8(serverName);
        if (version != TlsVersion.Any)
        {
            var number = version == TlsVersion.Tls12 ? 0x0303 : 0x0304;
            Require(SSL_CTX_ctrl(_context, SetMinimumVersion, number, 0));
            Require(SSL_CTX_ctrl(_context, SetMaximumVersion, number, 0));
        }
    }

    /// <summary>Why it cannot be used here, or null.</summary>
    public static string? Missing =>
        NativeLibrary.TryLoad(Library, out _) ? null : $"{Library} is missing (Debian's package libssl3)";

    /// <summary>Connects, shakes hands, hangs up.</summary>
    /// <param name="from">The client's own address, or null for any.</param>
    /// <exception cref="LabException">No connection or no handshake.</exception>
    public OpenSslHandshake Connect(IPAddress? from = null) => Connect(from, null);

    /// <summary>
    /// Shakes hands in full, and keeps the session: from now on <see cref="Connect(IPAddress?)"/> offers to resume it.
    /// </summary>
    /// <exception cref="LabException">No connection, no handshake, or no session.</exception>
    public void KeepSession() => Connect(null, Keep);

    public void Dispose()
    {
        SSL_SESSION_free(_session);
        SSL_CTX_free(_context);
        Marshal.FreeCoTaskMem(_serverName);
    }

    private OpenSslHandshake Connect(IPAddress? from, Action<nint>? afterwards)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = TimeoutMilliseconds,
            SendTimeout = TimeoutMilliseconds,
        };
        try
        {
            if (from is not null)
                socket.Bind(new IPEndPoint(from, 0));
            // Never asynchronously: OpenSSL needs a descriptor that blocks.
            socket.Connect(new IPEndPoint(IPAddress.Loopback, _port));
        }
        catch (SocketException exception)
        {
            throw new LabException(
                $"127.0.0.1:{_port} cannot be reached: {exception.Message}.",
                LabFailure.Unavailable,
                exception
            );
        }

        var ssl = SSL_new(_context);
        if (ssl == 0)
            throw new LabException("OpenSSL gives no connection.");
        try
        {
            Require(SSL_set_fd(ssl, (int)socket.Handle));
            Require(SSL_ctrl(ssl, SetServerName, 0, _serverName));
            Require(SSL_ctrl(ssl, SetStatusType, OcspStatus, 0));
            if (afterwards is null && _session != 0)
                Require(SSL_set_session(ssl, _session));
            if (SSL_connect(ssl) != 1)
                throw new LabException($"127.0.0.1:{_port} refused the handshake.", LabFailure.Unavailable);
            var handshake = new OpenSslHandshake(
                ReadStaple(ssl),
                SSL_session_reused(ssl) == 1,
                (long)BIO_number_read(SSL_get_rbio(ssl))
            );
            afterwards?.Invoke(ssl);
            _ = SSL_shutdown(ssl);
            return handshake;
        }
        finally
        {
            SSL_free(ssl);
        }
    }

    // In TLS 1.3 the session comes after the handshake, with the first bytes of the application.
    private void Keep(nint ssl)
    {
        var request = "GET / HTTP/1.1\r\nHost: echocert.lab\r\nConnection: close\r\n\r\n"u8.ToArray();
        _ = SSL_write(ssl, request, request.Length);
        var answer = new byte[4096];
        _ = SSL_read(ssl, answer, answer.Length);
        SSL_SESSION_free(_session);
        _session = SSL_get1_session(ssl);
        if (_session == 0)
            throw new LabException($"127.0.0.1:{_port} gave no session to resume.");
    }

    private static void Require(nint result)
    {
        if (result != 1)
            throw new LabException("OpenSSL refuses a setting.");
    }

    private static ReadOnlyMemory<byte>? ReadStaple(nint ssl)
    {
        var length = (int)SSL_ctrl(ssl, GetStaple, 0, out var pointer);
        if (length <= 0 || pointer == 0)
            return null;
        var staple = new byte[length];
        Marshal.Copy(pointer, staple, 0, length);
        return staple;
    }

    // Milliseconds, as the socket takes them.
    private const int TimeoutMilliseconds = 10_000;

    private const string Library = "libssl.so.3";

    // Of ssl.h and tls1.h.
    private const int SetServerName = 55;
    private const int SetStatusType = 65;
    private const int GetStaple = 70;
    private const int SetMinimumVersion = 123;
    private const int SetMaximumVersion = 124;
    private const int OcspStatus = 1;

    [DllImport(Library)]
    private static extern nint TLS_client_method();

    [DllImport(Library)]
    private static extern nint SSL_CTX_new(nint method);

    [DllImport(Library)]
    private static extern void SSL_CTX_free(nint context);

    [DllImport(Library)]
    private static extern nint SSL_CTX_ctrl(nint context, int command, nint number, nint pointer);

    [DllImport(Library)]
    private static extern nint SSL_new(nint context);

    [DllImport(Library)]
    private static extern void SSL_free(nint ssl);

    [DllImport(Library)]
    private static extern int SSL_set_fd(nint ssl, int descriptor);

    [DllImport(Library)]
    private static extern nint SSL_ctrl(nint ssl, int command, nint number, nint pointer);

    [DllImport(Library, EntryPoint = "SSL_ctrl")]
    private static extern nint SSL_ctrl(nint ssl, int command, nint number, out nint pointer);

    [DllImport(Library)]
    private static extern int SSL_connect(nint ssl);

    [DllImport(Library)]
    private static extern int SSL_shutdown(nint ssl);

    [DllImport(Library)]
    private static extern int SSL_read(nint ssl, byte[] bytes, int count);

    [DllImport(Library)]
    private static extern int SSL_write(nint ssl, byte[] bytes, int count);

    [DllImport(Library)]
    private static extern int SSL_session_reused(nint ssl);

    [DllImport(Library)]
    private static extern int SSL_set_session(nint ssl, nint session);

    [DllImport(Library)]
    private static extern nint SSL_get1_session(nint ssl);

    [DllImport(Library)]
    private static extern void SSL_SESSION_free(nint session);

    [DllImport(Library)]
    private static extern nint SSL_get_rbio(nint ssl);

    [DllImport("libcrypto.so.3")]
    private static extern ulong BIO_number_read(nint bio);
}

/// <summary>What a handshake showed.</summary>
/// <param name="Staple">The server certificate's staple as it was sent, or null.</param>
/// <param name="IsResumed">Whether an earlier session went on; then there is neither certificate nor staple.</param>
/// <param name="BytesRead">What the server sent until the handshake was over.</param>
internal sealed record OpenSslHandshake(ReadOnlyMemory<byte>? Staple, bool IsResumed, long BytesRead);
