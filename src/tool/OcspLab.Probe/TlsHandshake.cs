using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Probe;

/// <summary>What one handshake showed.</summary>
/// <param name="Protocol"><c>TLSv1.2</c> or <c>TLSv1.3</c>.</param>
/// <param name="Cipher">The cipher suite, as the IANA registry names it.</param>
/// <param name="Duration">From the first byte to the handshake's end, without the TCP connect.</param>
/// <param name="Certificates">The server's certificates, its own first.</param>
/// <param name="Staples">
/// One entry a certificate: the staple's bytes, or null. On TLS 1.2 only the first can have one.
/// </param>
public sealed record TlsHandshake(
    string Protocol,
    string Cipher,
    TimeSpan Duration,
    IReadOnlyList<X509Certificate2> Certificates,
    IReadOnlyList<ReadOnlyMemory<byte>?> Staples
)
{
    /// <summary>The name that was asked for (SNI), or null.</summary>
    public string? ServerName { get; init; }
}
