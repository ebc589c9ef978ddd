using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Kestrel;

/// <summary>Swaps the certificate context of each handshake for one with the current staple, however the certificate was chosen.</summary>
internal sealed class HandshakeStapling(StaplingEngine engine, RuntimeQuestions questions, StaplingMetrics metrics, TimeProvider clock)
{
    private readonly ConditionalWeakTable<SslStreamCertificateContext, IHandshakeContexts> _adopted = [];
    private readonly ConditionalWeakTable<X509Certificate2, IHandshakeContexts> _selected = [];

    public StaplingMode Mode { get; private set; } = Choose(engine.Options.CurrentValue.Handover, SslContextFields.Probe());

    /// <summary>Whether handshakes get verified staples, one way or the other.</summary>
    public bool IsHandingOver => Mode is StaplingMode.Direct or StaplingMode.ThroughRuntime;

    /// <summary>Kestrel has changed inside, and attaching would lose what the application has set.</summary>
    public void GiveUp() => Mode = StaplingMode.RuntimeOwn;

    /// <summary>Gives a handshake that is about to begin its staple.</summary>
    /// <param name="handshake">What SslStream will be told; changed in place.</param>
    /// <param name="serverName">The name that the client asked for, where it is known before the handshake; else null.</param>
    /// <param name="chain">Certificates of authorities beside the server's own, or null.</param>
    /// <exception cref="AuthenticationException">There is no staple, the certificate demands one, and the policy is to refuse.</exception>
    public void Staple(SslServerAuthenticationOptions handshake, string? serverName = null, X509Certificate2Collection? chain = null)
    {
        if (Find(handshake, serverName, chain) is not { } contexts)
        {
            metrics.Handshake("unknown_certificate");
            return;
        }

        handshake.ServerCertificateContext = contexts.Select(clock.GetUtcNow(), out var staple);
        if (staple != HandshakeContexts.Stapled && contexts.IsMustStaple && engine.Options.CurrentValue.MustStaple == MustStaplePolicy.Refuse)
        {
            metrics.Handshake("refused");
            throw new AuthenticationException($"There is no staple for '{contexts.Name}', which must be stapled (RFC 7633), and {nameof(StaplingOptions.MustStaple)} is {nameof(MustStaplePolicy.Refuse)}.");
        }

        metrics.Handshake(staple);
    }

    /// <summary>Meets the certificate of a handshake that will not take place, so that its staple is there when one does.</summary>
    public void Meet(SslServerAuthenticationOptions handshake) => Find(handshake, null, null);

    /// <summary>Starts fetching for a certificate that an endpoint will use.</summary>
    public void Meet(X509Certificate2 certificate, X509Certificate2Collection? chain)
    {
        // The runtime needs its time with each context: they are made before the first handshake wants one.
        if (Mode == StaplingMode.ThroughRuntime)
            Contexts(certificate, chain);
        else
            engine.Add(certificate, chain ?? []);
    }

    /// <summary>Waits for the first staples of all certificates met so far.</summary>
    /// <param name="atMost">A wait shorter than the one at start, or null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task WaitAsync(TimeSpan? atMost, CancellationToken cancellationToken)
    {
        var limit = engine.Options.CurrentValue.StartupTimeout is var timeout && atMost < timeout ? atMost.Value : timeout;
        var started = clock.GetTimestamp();
        await engine.WaitForFirstStaplesAsync(cancellationToken, atMost).ConfigureAwait(false);
        if (Mode != StaplingMode.ThroughRuntime)
            return;
        var settled = Task.WhenAll(_selected.Select(entry => entry.Value).Concat(_adopted.Select(entry => entry.Value)).OfType<RuntimeContexts>().Select(contexts => contexts.Settled));
        var left = limit - clock.GetElapsedTime(started);
        await Task.WhenAny(settled, Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>The context that a handshake gets in place of <paramref name="original"/> now.</summary>
    public SslStreamCertificateContext Handed(SslStreamCertificateContext original) => Contexts(original).Select(clock.GetUtcNow(), out _);

    private IHandshakeContexts? Find(SslServerAuthenticationOptions handshake, string? serverName, X509Certificate2Collection? chain)
    {
        if (handshake.ServerCertificateContext is { } original)
        {
            // SslStream trusts client certificates by the context too: one in its place that lost the list would trust the system's authorities.
            return Mode == StaplingMode.ThroughRuntime && handshake.ClientCertificateRequired && !SslContextFields.CanReadTrust && HandshakeContexts.OwnerOf(original) is null
                ? null
                : Contexts(original);
        }

        if (handshake.ServerCertificateSelectionCallback is { } select)
        {
            // SslStream would build a context for the selected certificate itself, without a staple. So it is selected now.
            if (serverName is null)
                return null;
            if (select(this, serverName) is not X509Certificate2 selected)
            {
                // Asked once is enough.
                handshake.ServerCertificateSelectionCallback = (_, _) => null!;
                return null;
            }

            handshake.ServerCertificateSelectionCallback = null;
            return Contexts(selected, chain);
        }

        return handshake.ServerCertificate is X509Certificate2 certificate ? Contexts(certificate, chain) : null;
    }

    // One of ours comes back where an application keeps the options of its handshakes.
    private IHandshakeContexts Contexts(SslStreamCertificateContext original) =>
        HandshakeContexts.OwnerOf(original)
        ?? (_adopted.TryGetValue(original, out var contexts) ? contexts : _adopted.GetValue(original, Adopt));

    // Also for a certificate that cannot be stapled: the original would staple what the runtime fetched and nobody verified.
    private IHandshakeContexts Adopt(SslStreamCertificateContext original)
    {
        var certificate = original.TargetCertificate;
        X509Certificate2Collection chain = [.. original.IntermediateCertificates];
        if (Mode == StaplingMode.Direct)
            return Create(certificate, chain, SslContextFields.TrustOf(original));
        // Where there is no list of authorities, which is Kestrel's own way, all contexts of a certificate are one.
        return SslContextFields.CanReadTrust && SslContextFields.TrustOf(original) is { } trust ? Create(certificate, chain, trust) : Contexts(certificate, chain);
    }

    private IHandshakeContexts Contexts(X509Certificate2 certificate, X509Certificate2Collection? chain) =>
        _selected.TryGetValue(certificate, out var contexts)
            ? contexts
            : _selected.GetValue(certificate, selected => Create(selected, chain ?? [], null));

    private IHandshakeContexts Create(X509Certificate2 certificate, X509Certificate2Collection chain, SslCertificateTrust? trust)
    {
        var slot = engine.Add(certificate, chain);
        return Mode == StaplingMode.Direct
            ? new StapledContexts(certificate, chain, trust, slot)
            : new RuntimeContexts(certificate, [.. chain, .. engine.Issuers], trust, slot, questions, clock);
    }

    private static StaplingMode Choose(StapleHandover handover, StaplingMode possible) =>
        handover == StapleHandover.Runtime && possible == StaplingMode.Direct ? StaplingMode.ThroughRuntime : possible;
}
