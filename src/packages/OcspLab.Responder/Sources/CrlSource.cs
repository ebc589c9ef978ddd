using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Revocation;

namespace OcspLab.Responder.Sources;

/// <summary>
/// A CRL, from a file or a URL, its signature checked. It says what was revoked and not what was issued, so every other
/// serial number is <c>good</c>, or unknown where that is wanted. Answers carry its thisUpdate, and end with its
/// nextUpdate; after that clients are told to try later. Until then one that cannot be replaced is still good.
/// </summary>
public sealed class CrlSource : IStatusSource, ICertificateList
{
    private readonly string _location;
    private readonly Uri? _url;
    private readonly FileWatch? _watch;
    private readonly X509Certificate2 _issuer;
    private readonly CrlScope _scope;
    private readonly UnlistedSerials _unlisted;
    private readonly Func<HttpClient>? _http;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _clock;
    private volatile Loaded? _loaded;
    private volatile string? _fault = "it was not loaded yet";
    private long? _lookedAt;

    /// <summary>Names the CRL; it is loaded by the first look for changes.</summary>
    /// <param name="location">A path, or an http or https URL. DER or PEM.</param>
    /// <param name="issuer">The authority that signs it.</param>
    /// <param name="scope">Which lists are taken.</param>
    /// <param name="unlisted">What is said of serial numbers that are not on the list.</param>
    /// <param name="interval">How often a URL is asked again.</param>
    /// <param name="http">Makes clients for URLs.</param>
    /// <param name="clock">The time.</param>
    public CrlSource(
        string location,
        X509Certificate2 issuer,
        CrlScope scope,
        UnlistedSerials unlisted,
        TimeSpan interval,
        Func<HttpClient> http,
        TimeProvider clock
    )
    {
        _location = location;
        _issuer = issuer;
        _scope = scope;
        _unlisted = unlisted;
        _interval = interval;
        _clock = clock;
        if (
            Uri.TryCreate(location, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        )
            (_url, _http) = (url, http);
        else
            _watch = new FileWatch(location);
    }

    /// <summary>Never raised: nothing is changed through this object.</summary>
    public event Action<string?>? Changed
    {
        add { }
        remove { }
    }

    /// <summary>Why there is no newer CRL, or null.</summary>
    public string? Fault => _fault;

    /// <inheritdoc/>
    public ValueTask<SourceStatus?> FindAsync(string serialNumber, CancellationToken cancellationToken)
    {
        var crl = Current();
        var status = crl.StatusOf(serialNumber);
        var isListed = status.Kind == CertStatusKind.Revoked;
        return ValueTask.FromResult(
            !isListed && _unlisted == UnlistedSerials.Unknown
                ? null
                : new SourceStatus(status)
                {
                    IsListed = isListed,
                    KnownAt = crl.ThisUpdate,
                    Until = crl.NextUpdate,
                    Crl = new CrlReference(_url, crl.Number, crl.ThisUpdate),
                }
        );
    }

    /// <inheritdoc/>
    public async ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken)
    {
        var changed = IsTimeToLook() && await TryLoadAsync(cancellationToken).ConfigureAwait(false);
        Current();
        // Every answer names the list's time.
        return changed ? SourceChanges.All : SourceChanges.None;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyCollection<string>> ListSerialNumbersAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(Current().SerialNumbers);

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The client is whoever configured it, and its handlers have exceptions of their own; the "
            + "list that is there stays good."
    )]
    private async Task<bool> TryLoadAsync(CancellationToken cancellationToken)
    {
        _lookedAt = _clock.GetTimestamp();
        try
        {
            var bytes = await ReadAsync(cancellationToken).ConfigureAwait(false);
            var digest = SHA256.HashData(bytes);
            _fault = null;
            if (_loaded is { } known && known.Digest.AsSpan().SequenceEqual(digest))
                return false;
            var crl = Decode(bytes);
            // An older one may come from a cache on the way, or from somebody who likes it better.
            if (_loaded?.Crl.ThisUpdate > crl.ThisUpdate)
                throw new IOException($"an older CRL, of {crl.ThisUpdate:u}");
            if (crl.ThisUpdate - _clock.GetUtcNow() > Skew)
                throw new IOException($"a CRL of the future, of {crl.ThisUpdate:u}");
            _loaded = new Loaded(crl, digest);
            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            _fault = exception.Message;
            return false;
        }
    }

    /// <exception cref="IOException">There is none, it has ended, or its time has not come.</exception>
    internal CertificateRevocationList Current()
    {
        if (_loaded is not { Crl: var crl })
            throw new IOException($"{_location}: {_fault}");
        // The clock was set back, or is wrong: nobody believes an answer of the future.
        if (crl.ThisUpdate - _clock.GetUtcNow() > Skew)
            throw new IOException($"{_location}: a CRL of the future, of {crl.ThisUpdate:u}");
        return crl.NextUpdate is { } end && end <= _clock.GetUtcNow()
            ? throw new IOException(
                $"{_location}: the CRL ended at {end:u}, and there is no newer "
                    + $"one{(_fault is null ? "" : $": {_fault}")}"
            )
            : crl;
    }

    private bool IsTimeToLook()
    {
        if (_lookedAt is not { } lookedAt)
            return true;
        var since = _clock.GetElapsedTime(lookedAt);
        if (_watch is not null)
            return _watch.HasChanged() || (_fault is not null && since > RetryInterval);
        var ends = _loaded?.Crl.NextUpdate;
        // A failed attempt is repeated soon, and so is one near the end.
        return since
            >= (
                _fault is not null || ends - _clock.GetUtcNow() < _interval
                    ? Shorter(RetryInterval, _interval)
                    : _interval
            );
    }

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        if (_url is null)
            return await File.ReadAllBytesAsync(_location, cancellationToken).ConfigureAwait(false);
        using var http = _http!();
        using var timer = new CancellationTokenSource(Deadline, _clock);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        using var response = await http.GetAsync(_url, HttpCompletionOption.ResponseHeadersRead, deadline.Token)
            .ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        await response.Content.LoadIntoBufferAsync(MaximumLength, deadline.Token).ConfigureAwait(false);
        return await response.Content.ReadAsByteArrayAsync(deadline.Token).ConfigureAwait(false);
    }

    private CertificateRevocationList Decode(byte[] bytes)
    {
        if (bytes is not [0x30, ..] && PemEncoding.TryFind(Encoding.ASCII.GetString(bytes), out var pem))
            bytes = Convert.FromBase64String(Encoding.ASCII.GetString(bytes)[pem.Base64Data]);
        return CertificateRevocationList.TryDecode(bytes, _issuer, _scope, out var crl, out var fault)
            ? crl
            : throw new IOException($"not a usable CRL: {fault}");
    }

    private sealed record Loaded(CertificateRevocationList Crl, byte[] Digest);

    private const long MaximumLength = 256 * 1024 * 1024;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);
}

/// <summary>What is said of serial numbers that a CRL does not name.</summary>
public enum UnlistedSerials
{
    /// <summary>They were not revoked, so they are <c>good</c>, whoever invented them.</summary>
    Good,

    /// <summary>They count as never issued: for lists of another kind, such as one of what was withdrawn.</summary>
    Unknown,
}
