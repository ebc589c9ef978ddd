using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Handshakes;

/// <summary>
/// Swaps the certificate context of each handshake for one with the current staple, however the certificate was chosen.
/// Thread-safe.
/// </summary>
internal sealed class HandshakeStapler(
    CertificateContexts contexts,
    StaplingEngine engine,
    IOptionsMonitor<StaplingOptions> options,
    StaplingMetrics metrics,
    TimeProvider clock
)
{
    /// <summary>Gives a handshake that is about to begin its staple.</summary>
    /// <param name="handshake">What SslStream will be told; changed in place.</param>
    /// <param name="serverName">
    /// The name that the client asked for, where it is known before the handshake; else null.
    /// </param>
    /// <param name="chain">Certificates of authorities beside the server's own, or null.</param>
    /// <exception cref="AuthenticationException">
    /// There is no staple, the certificate demands one, and the policy is to refuse.
    /// </exception>
    public void Staple(
        SslServerAuthenticationOptions handshake,
        string? serverName = null,
        X509Certificate2Collection? chain = null
    )
    {
        if (Find(handshake, serverName, chain) is not { } found)
        {
            metrics.Handshake(HandshakeOutcome.UnknownCertificate);
            return;
        }

        handshake.ServerCertificateContext = found.Select(clock.GetUtcNow(), out var outcome);
        if (outcome != HandshakeOutcome.Stapled && MustRefuse(found))
        {
            metrics.Handshake(HandshakeOutcome.Refused);
            throw new AuthenticationException(
                $"There is no staple for '{found.Name}', which must be stapled (RFC 7633), "
                    + $"and {nameof(StaplingOptions.MustStaple)} is {nameof(MustStaplePolicy.Refuse)}."
            );
        }

        metrics.Handshake(outcome);
    }

    /// <summary>
    /// Starts fetching for the certificate of a handshake that will not take place, so that its staple is there when
    /// one does.
    /// </summary>
    public void Prefetch(SslServerAuthenticationOptions handshake) => Find(handshake, null, null);

    /// <summary>Starts fetching for a certificate that an endpoint will use.</summary>
    public void Prefetch(X509Certificate2 certificate, X509Certificate2Collection? chain) =>
        engine.Add(certificate, chain ?? []);

    private bool MustRefuse(StapledContexts found) =>
        found.IsMustStaple && options.CurrentValue.MustStaple == MustStaplePolicy.Refuse;

    private StapledContexts? Find(
        SslServerAuthenticationOptions handshake,
        string? serverName,
        X509Certificate2Collection? chain
    )
    {
        if (handshake.ServerCertificateContext is { } original)
            return contexts.Of(original);
        if (handshake.ServerCertificateSelectionCallback is { } select)
            return serverName is null ? null : Select(handshake, select, serverName, chain);
        return handshake.ServerCertificate is X509Certificate2 certificate ? contexts.Of(certificate, chain) : null;
    }

    // SslStream would build a context for the selected certificate itself, without a staple. So it is selected now.
    private StapledContexts? Select(
        SslServerAuthenticationOptions handshake,
        ServerCertificateSelectionCallback select,
        string serverName,
        X509Certificate2Collection? chain
    )
    {
        if (select(this, serverName) is not X509Certificate2 selected)
        {
            // Asked once is enough.
            handshake.ServerCertificateSelectionCallback = (_, _) => null!;
            return null;
        }

        handshake.ServerCertificateSelectionCallback = null;
        return contexts.Of(selected, chain);
    }
}
