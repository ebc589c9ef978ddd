using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Responses;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Handshakes;

/// <summary>
/// Swaps the certificate context of each handshake for one with the current staple, however the certificate was chosen.
/// Thread-safe.
/// </summary>
internal sealed class OcspStapler(
    CertificateContexts contexts,
    StaplingEngine engine,
    HandOffStatus handOff,
    IOptionsMonitor<StaplingOptions> options,
    StaplingMetrics metrics,
    TimeProvider clock
) : IOcspStapler
{
    public IReadOnlyList<StapleStatus> Staples => engine.Staples;

    public Task<IReadOnlyList<StapleStatus>> RefreshAsync(
        string? thumbprint = null,
        CancellationToken cancellationToken = default
    ) => engine.RefreshAsync(thumbprint, cancellationToken);

    public Task<StapleStatus> PrepareAsync(
        X509Certificate2 certificate,
        X509Certificate2Collection? chain = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return engine.PrepareAsync(certificate, chain ?? [], cancellationToken);
    }

    public void Release(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        engine.Release(certificate);
    }

    public void Apply(SslServerAuthenticationOptions handshake, string? serverName = null)
    {
        ArgumentNullException.ThrowIfNull(handshake);
        Apply(handshake, serverName, null);
    }

    public async ValueTask ApplyAsync(
        SslServerAuthenticationOptions handshake,
        string? serverName = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(handshake);
        if (!handOff.IsWorking)
            return;
        var found = Find(handshake, serverName, null);
        if (found is not null && IsNew(found))
            await engine
                .WaitForFirstAsync(found.Slot, options.CurrentValue.FirstHandshakeTimeout, cancellationToken)
                .ConfigureAwait(false);
        Give(handshake, found);
    }

    /// <summary>Gives a handshake that is about to begin its staple.</summary>
    /// <param name="handshake">What SslStream will be told; changed in place.</param>
    /// <param name="serverName">
    /// The name that the client asked for, where it is known before the handshake; else null.
    /// </param>
    /// <param name="chain">Certificates of authorities beside the server's own, or null.</param>
    /// <exception cref="AuthenticationException">
    /// There is no staple, the certificate demands one, and the policy is to refuse; or the runtime makes no context of
    /// the certificate.
    /// </exception>
    public void Apply(SslServerAuthenticationOptions handshake, string? serverName, X509Certificate2Collection? chain)
    {
        if (handOff.IsWorking)
            Give(handshake, Find(handshake, serverName, chain));
    }

    /// <summary>
    /// Starts fetching for the certificate of a handshake that will not take place, so that its staple is there when
    /// one does.
    /// </summary>
    public void Prefetch(SslServerAuthenticationOptions handshake) => Find(handshake, null, null);

    /// <summary>Starts fetching for a certificate that an endpoint will use.</summary>
    public void Prefetch(X509Certificate2 certificate, X509Certificate2Collection? chain) =>
        engine.Add(certificate, chain ?? []);

    private void Give(SslServerAuthenticationOptions handshake, StapledContext? found)
    {
        if (found is null)
        {
            metrics.Handshake(HandshakeOutcome.UnknownCertificate);
            return;
        }

        engine.Touch(found.Slot);
        var now = clock.GetUtcNow();
        handshake.ServerCertificateContext = Select(found, now, out var outcome);
        if (outcome == HandshakeOutcome.Stapled)
            found.Predecessor = null;
        else if (SelectPredecessor(found, now) is { } former)
        {
            handshake.ServerCertificateContext = former;
            outcome = HandshakeOutcome.Stapled;
        }
        else if (MustRefuse(found))
        {
            metrics.Handshake(HandshakeOutcome.Refused);
            throw new AuthenticationException(
                $"There is no staple for '{found.Slot.Name}', which must be stapled (RFC 7633), "
                    + $"and {nameof(StaplingOptions.MustStaple)} is {nameof(MustStaplePolicy.Refuse)}."
            );
        }

        metrics.Handshake(outcome);
    }

    private SslStreamCertificateContext Select(StapledContext found, DateTimeOffset now, out HandshakeOutcome outcome)
    {
        try
        {
            var context = found.Select(now, out outcome);
            // Read, and not written, where nothing has ever failed: all handshakes with the certificate pass here.
            if (found.Slot.IsFaultReported)
                found.Slot.IsFaultReported = false;
            return context;
        }
        catch (AuthenticationException exception)
        {
            engine.ReportFault(found.Slot, exception);
            throw;
        }
    }

    /// <summary>
    /// Until a renewed certificate has its first staple the one before goes on serving, if it is good and stapled
    /// itself: for an hour, and where the handshake would be refused otherwise for as long as it can.
    /// </summary>
    private SslStreamCertificateContext? SelectPredecessor(StapledContext found, DateTimeOffset now)
    {
        if (
            found.Predecessor is not { } former
            || former.Slot.Status.NotAfter <= now
            || former.Slot.Current is not { Status.Kind: CertStatusKind.Good }
            || !(MustRefuse(found) || engine.WasMetWithin(found.Slot, PredecessorTimeout))
        )
            return null;
        var context = former.Select(now, out var outcome);
        if (outcome != HandshakeOutcome.Stapled)
            return null;
        engine.Touch(former.Slot);
        engine.ReportPredecessor(found.Slot, former.Slot);
        return context;
    }

    private static readonly TimeSpan PredecessorTimeout = TimeSpan.FromHours(1);

    private static bool IsNew(StapledContext found) => found.Slot.Status.LastOutcome == RefreshOutcome.Pending;

    private bool MustRefuse(StapledContext found) =>
        found.Slot.IsMustStaple && options.CurrentValue.MustStaple == MustStaplePolicy.Refuse;

    private StapledContext? Find(
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
    private StapledContext? Select(
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
