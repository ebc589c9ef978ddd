using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Handshakes;

/// <summary>
/// Proves, once a process, that a handshake sends the staple that its context was given after an earlier handshake: a
/// throw-away certificate, random bytes in the place of a staple, two handshakes over loopback. It looks at what the
/// runtime does and not at what its members are called.
/// </summary>
internal static class StapleCanary
{
    private static readonly Lazy<HandOffState> Result = new(Check);

    /// <summary>What this process can do.</summary>
    public static HandOffState Find() => Result.Value;

    private static HandOffState Check() =>
        OperatingSystem.IsLinux()
            ? Check(ShakeHandsAsync, HandshakeTimeout)
            : new HandOffState(
                HandOffMode.Unsupported,
                $"{RuntimeInformation.OSDescription} takes no staples from outside"
            );

    /// <summary>Judges by one handshake.</summary>
    /// <param name="shakeHandsAsync">Shakes hands, and tells whether the staple was sent.</param>
    /// <param name="timeout">How long it may take.</param>
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The boundary: whatever goes wrong in a runtime that nobody has seen yet, the application "
            + "starts, with the runtime's own stapling."
    )]
    internal static HandOffState Check(Func<CancellationToken, Task<bool>> shakeHandsAsync, TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout, TimeProvider.System);
        try
        {
            return shakeHandsAsync(deadline.Token).GetAwaiter().GetResult()
                ? new HandOffState(HandOffMode.Verified, null)
                : Broken("a handshake did not send the staple that it was given");
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            // A machine that is too busy says nothing about stapling: nobody loses it until the next start for that.
            return new HandOffState(
                HandOffMode.Unproven,
                $"the handshake that is tried at start was not done within {timeout.TotalSeconds:0} s"
            );
        }
        catch (Exception exception)
        {
            return Broken($"a handshake could not be given a staple: {exception.Message.TrimEnd('.')}");
        }
    }

    private static HandOffState Broken(string why) =>
        new(HandOffMode.RuntimeOwn, $"{RuntimeInformation.FrameworkDescription} takes no staples: {why}");

    private static async Task<bool> ShakeHandsAsync(CancellationToken cancellationToken)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=OcspLab canary", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var staple = RandomNumberGenerator.GetBytes(StapleLength);
        var context = SslStreamCertificateContext.Create(certificate, null, offline: true);
        SslContextFields.Claim(context, null);
        _ = SslContextFields.TrustOf(context);
        try
        {
            await SendAsync(context, SslProtocols.Tls12, cancellationToken).ConfigureAwait(false);
            SslContextFields.Exchange(context, staple);
            // The staple is in the clear there, so that its very bytes can be looked for.
            var sent = await SendAsync(context, SslProtocols.Tls12, cancellationToken).ConfigureAwait(false);
            return sent.AsSpan().IndexOf(staple) >= 0;
        }
        catch (AuthenticationException)
        {
            // This system allows TLS 1.3 only, where it is encrypted: nothing else in such a handshake is as long.
            await SendAsync(context, SslProtocols.None, cancellationToken).ConfigureAwait(false);
            SslContextFields.Exchange(context, staple);
            var sent = await SendAsync(context, SslProtocols.None, cancellationToken).ConfigureAwait(false);
            return sent.Length > StapleLength;
        }
    }

    /// <summary>What the server sends in a handshake.</summary>
    [SuppressMessage(
        "Security",
        "CA5359",
        Justification = "Both ends are this method, and nothing is sent after the handshake."
    )]
    [SuppressMessage("Security", "CA5398", Justification = "The version is what is tried out.")]
    private static async Task<byte[]> SendAsync(
        SslStreamCertificateContext context,
        SslProtocols protocols,
        CancellationToken cancellationToken
    )
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await near.ConnectAsync(listener.LocalEndpoint, cancellationToken).ConfigureAwait(false);
        using var far = await listener.AcceptSocketAsync(cancellationToken).ConfigureAwait(false);
        using var recorder = new RecordingStream(far);
        using var server = new SslStream(recorder);
        using var client = new SslStream(new NetworkStream(near));
        var serving = server.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificateContext = context, EnabledSslProtocols = protocols },
            cancellationToken
        );
        var asking = client.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "canary",
                AllowTlsResume = false,
                // The client asks for a staple only when it checks revocation.
                CertificateRevocationCheckMode = X509RevocationMode.Offline,
                EnabledSslProtocols = protocols,
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            },
            cancellationToken
        );
        // Whoever fails says why; the other one would wait for it.
        await (await Task.WhenAny(serving, asking).ConfigureAwait(false)).ConfigureAwait(false);
        await Task.WhenAll(serving, asking).ConfigureAwait(false);
        return recorder.Written;
    }

    private const int StapleLength = 4096;
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(20);

    private sealed class RecordingStream(Socket socket) : NetworkStream(socket)
    {
        private readonly MemoryStream _written = new();

        public byte[] Written => _written.ToArray();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _written.Write(buffer.Span);
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}
