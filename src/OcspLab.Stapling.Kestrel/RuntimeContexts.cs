using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp;

namespace OcspLab.Stapling.Kestrel;

/// <summary>
/// The contexts of one certificate where the runtime fetches by itself: it asks when a context is made, and <see cref="RuntimeQuestions"/>
/// answers. So each new staple brings a new context, which takes over as soon as it has its answer.
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

    /// <param name="certificate">The server's certificate with its key.</param>
    /// <param name="authorities">Certificates to build its chain from; the runtime staples nothing where it does not reach a root.</param>
    /// <param name="trust">The authorities for client certificates, or null.</param>
    /// <param name="slot">Where its staple is kept.</param>
    /// <param name="questions">Where the runtime's questions arrive.</param>
    /// <param name="clock">The time.</param>
    public RuntimeContexts(X509Certificate2 certificate, X509Certificate2Collection authorities, SslCertificateTrust? trust, StapleSlot slot, RuntimeQuestions questions, TimeProvider clock)
    {
        // A copy: contexts are made from it as long as this lives, and the application may dispose of its own.
        _certificate = new X509Certificate2(certificate);
        _authorities = authorities;
        _trust = trust;
        _slot = slot;
        _questions = questions;
        _clock = clock;
        slot.Watch(this);
        _current = null!;
        StapleChanged();
    }

    public bool IsMustStaple => _slot.IsMustStaple;

    public string Name => _slot.Name;

    /// <summary>Completes when the runtime has the staple that is there now, or does not come for it.</summary>
    public Task Settled { get; private set; } = Task.CompletedTask;

    /// <inheritdoc/>
    public SslStreamCertificateContext Select(DateTimeOffset now, out string staple)
    {
        var current = _current;
        staple = !current.HasStaple ? HandshakeContexts.None : now >= current.ExpiresAt ? HandshakeContexts.Expired : HandshakeContexts.Stapled;
        return current.Context;
    }

    public void StapleChanged()
    {
        lock (_building)
        {
            var staple = _slot.Current;
            var asked = _questions.CountOf(_slot);
            var context = SslStreamCertificateContext.Create(_certificate, _authorities, offline: false, _trust);
            HandshakeContexts.Claim(context, this);
            var next = new Held(context, staple?.Status.Kind, staple?.ExpiresAt ?? DateTimeOffset.MinValue);
            // What was good and is revoked, or withheld, must not be shown while the runtime makes up its mind.
            if (_current is null || _current.Status != next.Status)
                _current = next;
            Settled = staple is null ? Task.CompletedTask : SettleAsync(next, asked);
        }
    }

    private async Task SettleAsync(Held next, int asked)
    {
        for (var waited = TimeSpan.Zero; _questions.CountOf(_slot) == asked; waited += Glance)
        {
            if (waited >= Patience)
            {
                _questions.ReportSilence(_slot);
                return;
            }

            await Task.Delay(Glance, _clock).ConfigureAwait(false);
        }

        // It has the answer and is verifying it.
        await Task.Delay(Glance, _clock).ConfigureAwait(false);
        lock (_building)
        {
            next.HasStaple = true;
            if (_slot.Current?.ExpiresAt == next.ExpiresAt)
                _current = next;
        }
    }

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private sealed class Held(SslStreamCertificateContext context, CertStatusKind? status, DateTimeOffset expiresAt)
    {
        private volatile bool _hasStaple;

        public SslStreamCertificateContext Context => context;

        public CertStatusKind? Status => status;

        public DateTimeOffset ExpiresAt => expiresAt;

        /// <summary>Whether the runtime has come for it.</summary>
        public bool HasStaple
        {
            get => _hasStaple;
            set => _hasStaple = value;
        }
    }
}
