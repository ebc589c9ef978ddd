using System.Net;
using System.Net.Sockets;
using System.Text;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Keep.Outputs;

/// <summary>
/// HAProxy's runtime API: <c>set ssl ocsp-response</c> (management guide, 9.3). It takes a response about a certificate
/// that it was started with a response for, <c>.ocsp</c> beside the certificate, and drops what has expired itself.
/// </summary>
/// <param name="address">The path of a Unix socket, or address and port.</param>
/// <param name="clock">Counts how long it may take.</param>
internal sealed class HaproxySocket(string address, TimeProvider clock)
{
    private long? _hungAt;

    /// <summary>Tells it of a staple.</summary>
    /// <exception cref="InvalidDataException">It did not take it; the message says what it said.</exception>
    /// <exception cref="IOException">It cannot be reached; it is to be tried again.</exception>
    public async Task GiveAsync(VerifiedStaple staple, CancellationToken cancellationToken)
    {
        // One that hangs costs one wait, however many certificates it has.
        if (_hungAt is { } hung && clock.GetElapsedTime(hung) < Pause)
            throw new IOException(Hangs);
        using var deadline = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var answer = await AskAsync(
                    $"set ssl ocsp-response {Convert.ToBase64String(staple.Encoded.Span)}\n",
                    either.Token
                )
                .ConfigureAwait(false);
            if (!answer.Contains("OCSP Response updated", StringComparison.Ordinal))
                throw new InvalidDataException($"HAProxy at {address} did not take the staple: {answer.Trim()}");
        }
        catch (SocketException exception)
        {
            throw new IOException($"HAProxy at {address} cannot be reached: {exception.Message}", exception);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _hungAt = clock.GetTimestamp();
            throw new IOException(Hangs);
        }
    }

    private async Task<string> AskAsync(string command, CancellationToken cancellationToken)
    {
        EndPoint endpoint = IPEndPoint.TryParse(address, out var tcp) ? tcp : new UnixDomainSocketEndPoint(address);
        using var socket = new Socket(
            endpoint.AddressFamily,
            SocketType.Stream,
            tcp is null ? ProtocolType.Unspecified : ProtocolType.Tcp
        );
        await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
        await socket.SendAsync(Encoding.ASCII.GetBytes(command), cancellationToken).ConfigureAwait(false);
        var buffer = new byte[MaximumAnswer];
        var length = 0;
        while (length < buffer.Length)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (read == 0)
                break;
            length += read;
        }

        return Encoding.ASCII.GetString(buffer, 0, length);
    }

    private string Hangs => $"HAProxy at {address} does not answer";

    private const int MaximumAnswer = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);
}
