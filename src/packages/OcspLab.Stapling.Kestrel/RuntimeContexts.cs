using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Refreshing;

namespace OcspLab.Stapling.Kestrel;

/// <summary>
/// The contexts of one certificate where the runtime fetches by itself: it asks when a context is made, and <see cref="RuntimeQuestions"/>
/// answers. So each new staple brings a new context, which takes over as soon as the runtime has been given that staple.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Goes with the last handshake that uses its certificate; nobody knows when that is.")]
internal sealed class RuntimeContexts : IHandshakeContexts, IStapleWatcher
{
    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2Collection _authorities;
    private readonly SslCertificateTrust? _trust;
    private readonly StapleSlot _slot;
    private readonly RuntimeQuestions _questions;
    private readonly TimeProvider _clock;
    private readonly Lock _building = new();
    private volatile Held _current;
    private volatile Task _settled = Task.CompletedTask;
    private Held _latest;

    /// <param name="certificate">The server's certificate with its key.</param>
    /// <param name="authorities">Certificates to build its chain from; the runtime staples nothing where it does not reach a root.</param>
    /// <param name="trust">The authorities for client certificates, or null.</param>
    /// <param name="slot">Where its staple is kept.</param>
    /// <param name="questions">Where the runtime's questions arrive.</param>
    /// <param name="clock">The time.</param>
    public RuntimeContexts(X509Certificate2 certificate, X509Certificate2Collection authorities, SslCertificateTrust? trust, StapleSlot slot, RuntimeQuestions questions, TimeProvider clock)
    {
        // Copies: contexts are made from them as long as this lives, and the application may dispose of its own.
        _certificate = new X509Certificate2(certificate);
        _authorities = [.. authorities.Select(authority => new X509Certificate2(authority))];
        _trust = trust;
        _slot = slot;
        _questions = questions;
        _clock = clock;
        _current = _latest = new Held(Build(), null);
        slot.Watch(this);
        StapleChanged();
    }

    public bool IsMustStaple => _slot.IsMustStaple;

    public string Name => _slot.Name;

    /// <summary>Completes when the runtime has the staple that is there now, or does not come for it.</summary>
    public Task Settled => _settled;

    /// <inheritdoc/>
    public SslStreamCertificateContext Select(DateTimeOffset now, out string staple)
    {
        var current = _current;
        if (current.Staple is { } held && now >= held.ExpiresAt)
        {
            // The runtime looks at nextUpdate alone, which may be later.
            staple = HandshakeContexts.Expired;
            return Drop(current).Context;
        }

        staple = current.IsGiven ? HandshakeContexts.Stapled : HandshakeContexts.None;
        return current.Context;
    }

    public void StapleChanged()
    {
        lock (_building)
        {
            var staple = _slot.Current;
            if (staple is null && _latest.Staple is null)
                return;
            var next = _latest = new Held(Build(), CanBeAskedFor ? staple : null);
            // What was good and is revoked, or withheld, must not be shown while the runtime makes up its mind.
            if (_current.Staple?.Status.Kind != next.Staple?.Status.Kind)
                _current = next;
            _settled = next.Staple is null ? Task.CompletedTask : SettleAsync(next);
        }
    }

    private bool CanBeAskedFor => _slot.Subject is not null && _slot.OwnUrls.Any(url => url.Scheme == Uri.UriSchemeHttp);

    private async Task SettleAsync(Held next)
    {
        for (var waited = TimeSpan.Zero; !ReferenceEquals(_questions.GivenTo(_slot), next.Staple); waited += Glance)
        {
            if (waited >= Patience)
            {
                _questions.ReportSilence(_slot);
                _ = TryAgainAsync(next);
                return;
            }

            await Task.Delay(Glance, _clock).ConfigureAwait(false);
        }

        // It has the answer and is verifying it.
        await Task.Delay(Glance, _clock).ConfigureAwait(false);
        lock (_building)
        {
            // By reference: of two staples that end at the same moment one may say good and the other revoked.
            if (!ReferenceEquals(_latest, next))
                return;
            next.IsGiven = true;
            _current = next;
            _slot.Obstruct(null);
        }
    }

    private async Task TryAgainAsync(Held silent)
    {
        await Task.Delay(Pause, _clock).ConfigureAwait(false);
        if (ReferenceEquals(_latest, silent))
            StapleChanged();
    }

    private Held Drop(Held expired)
    {
        lock (_building)
        {
            if (ReferenceEquals(_current, expired))
                _current = _latest = new Held(Build(), null);
            return _current;
        }
    }

    private SslStreamCertificateContext Build()
    {
        // Where nothing can be verified the runtime must not fetch by itself either.
        var context = SslStreamCertificateContext.Create(_certificate, _authorities, offline: !CanBeAskedFor, _trust);
        HandshakeContexts.Claim(context, this);
        return context;
    }

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    /// <param name="context">What handshakes get.</param>
    /// <param name="staple">What the runtime is to be given for it, or null for nothing.</param>
    private sealed class Held(SslStreamCertificateContext context, VerifiedStaple? staple)
    {
        private volatile bool _isGiven;

        public SslStreamCertificateContext Context => context;

        public VerifiedStaple? Staple => staple;

        /// <summary>Whether the runtime has come for it.</summary>
        public bool IsGiven
        {
            get => _isGiven;
            set => _isGiven = value;
        }
    }
}
