using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Responding;

/// <summary>
/// How many statuses are looked up and how many responses are signed at once, and how many may wait for it. What is
/// signed for one client alone has turns of its own, so that whoever asks for such ones keeps nobody from the answers
/// that are kept for all. Thread-safe.
/// </summary>
internal sealed class SigningGate : IDisposable
{
    private readonly ConcurrencyLimiter _lookups;
    private readonly ConcurrencyLimiter _forAll;
    private readonly ConcurrencyLimiter _forOne;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _clock;

    public SigningGate(IOptions<ResponderOptions> options, TimeProvider clock)
    {
        var its = options.Value;
        var signings = its.MaximumConcurrentSignings ?? Environment.ProcessorCount;
        _lookups = Limit(ConcurrentLookups, ConcurrentLookups + its.MaximumWaitingSignings);
        _forAll = Limit(signings, its.MaximumWaitingSignings);
        _forOne = Limit(signings, its.MaximumWaitingSignings);
        _patience = its.SigningDeadline;
        _clock = clock;
    }

    /// <summary>To look up what a request asks about.</summary>
    public ValueTask<RateLimitLease> EnterLookupAsync(CancellationToken cancellationToken) =>
        _lookups.TryEnterAsync(_patience, _clock, cancellationToken);

    /// <summary>To sign.</summary>
    public ValueTask<RateLimitLease> EnterSigningAsync(Signing signing, CancellationToken cancellationToken) =>
        (signing == Signing.ForAll ? _forAll : _forOne).TryEnterAsync(_patience, _clock, cancellationToken);

    public void Dispose()
    {
        _lookups.Dispose();
        _forAll.Dispose();
        _forOne.Dispose();
    }

    private static ConcurrencyLimiter Limit(int atOnce, int waiting) =>
        new(
            new ConcurrencyLimiterOptions
            {
                PermitLimit = atOnce,
                QueueLimit = waiting,
                QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
            }
        );

    private const int ConcurrentLookups = 64;
}

/// <summary>For whom a response is signed.</summary>
internal enum Signing
{
    /// <summary>For everybody who asks the same, until it is renewed.</summary>
    ForAll,

    /// <summary>For one client: a nonce, several certificates, a serial number that no source names.</summary>
    ForOne,
}
