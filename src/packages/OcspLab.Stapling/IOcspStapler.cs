using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling;

/// <summary>
/// Staples verified OCSP responses (RFC 6066 §8, RFC 8446 §4.4.2.1) for any server that shakes hands with
/// <see cref="SslStream"/>. Kestrel needs none of it: <c>UseOcspStapling</c> does it. Thread-safe.
/// </summary>
public interface IOcspStapler : IStaplingStatus
{
    /// <summary>
    /// Starts to keep a staple for a certificate, and waits until its responder was asked once, a stored staple is at
    /// hand, or <see cref="StaplingOptions.StartupTimeout"/> has passed. Call it before the port opens, and for a
    /// renewed certificate before it is put in use.
    /// </summary>
    /// <param name="certificate">The server's certificate. It may be disposed of afterwards.</param>
    /// <param name="chain">
    /// Certificates that its issuer may be among, or null. What is missing is looked for in
    /// <see cref="StaplingOptions.Issuers"/>, in the system, and where the certificate says.
    /// </param>
    /// <param name="cancellationToken">Ends the wait, not the refreshing.</param>
    /// <returns>
    /// What is held then. Without a <see cref="StapleStatus.Staple"/> it says why, and refreshing goes on: leave the
    /// certificate before in use for now.
    /// </returns>
    Task<StapleStatus> PrepareAsync(
        X509Certificate2 certificate,
        X509Certificate2Collection? chain = null,
        CancellationToken cancellationToken = default
    );

    /// <summary>
    /// Stops keeping a staple for a certificate that nobody serves any more. Where handshakes go through
    /// <see cref="Apply"/> there is no need for it: what they use no longer is let go of. One that comes all the same
    /// begins anew.
    /// </summary>
    /// <param name="certificate">The certificate.</param>
    void Release(X509Certificate2 certificate);

    /// <summary>
    /// Gives a handshake that is about to begin its staple. Never waits. A certificate that was not prepared gets its
    /// first staple a moment after its first handshake.
    /// </summary>
    /// <param name="handshake">
    /// The options that will be handed to <see cref="SslStream"/>; their certificate, or what their selection callback
    /// chooses, is replaced by a context with the staple. Make new ones for each handshake.
    /// </param>
    /// <param name="serverName">
    /// The name that the client asked for (<see cref="SslClientHelloInfo.ServerName"/>), for a selection callback; null
    /// where it is not known, and then what such a callback chooses is not stapled.
    /// </param>
    /// <exception cref="AuthenticationException">
    /// There is no staple, the certificate demands one (RFC 7633), and <see cref="StaplingOptions.MustStaple"/> is to
    /// refuse.
    /// </exception>
    void Apply(SslServerAuthenticationOptions handshake, string? serverName = null);

    /// <summary>
    /// As <see cref="Apply"/>, and waits for the first staple of a certificate that was not prepared, until
    /// <see cref="StaplingOptions.FirstHandshakeTimeout"/> have passed since it was met.
    /// </summary>
    /// <param name="handshake">The options that will be handed to <see cref="SslStream"/>; changed in place.</param>
    /// <param name="serverName">The name that the client asked for, or null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="AuthenticationException">
    /// There is no staple, the certificate demands one (RFC 7633), and <see cref="StaplingOptions.MustStaple"/> is to
    /// refuse.
    /// </exception>
    ValueTask ApplyAsync(
        SslServerAuthenticationOptions handshake,
        string? serverName = null,
        CancellationToken cancellationToken = default
    );
}
