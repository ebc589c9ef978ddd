using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Responding;

/// <summary>
/// Signed answers by the bytes of the question: most questions are asked again and again. An answer goes when it is to
/// be renewed, and at once when something changes about its certificate. One that was signed in the future, before the
/// clock was set back, is not given. Thread-safe.
/// </summary>
internal sealed class ResponseCache
{
    private readonly ConcurrentDictionary<byte[], CachedResponse> _responses = new(QuestionComparer.Instance);
    private readonly ConcurrentDictionary<byte[], CachedResponse>.AlternateLookup<ReadOnlySpan<byte>> _bySpan;
    private readonly int _capacity;
    private readonly Lock _changing = new();
    private long _version;

    /// <param name="capacity">How many are kept at most.</param>
    public ResponseCache(int capacity)
    {
        _capacity = capacity;
        _bySpan = _responses.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>
    /// What was said about a certificate of an authority was dropped; null where it is everything.
    /// </summary>
    public event Action<Authority, string?, ChangedBy>? Forgotten;

    /// <summary>
    /// Grows with each change. To be read before the status is looked up, and handed to <see cref="Remember"/>.
    /// </summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>How many there are.</summary>
    public int Count => _responses.Count;

    /// <summary>The response to a question that was asked before, if it is still to be given.</summary>
    public bool TryFind(
        ReadOnlySpan<byte> question,
        DateTimeOffset now,
        [NotNullWhen(true)] out PreparedResponse? response
    )
    {
        response =
            _bySpan.TryGetValue(question, out var cached) && cached.Shelf.SignedAt <= now && now < cached.Shelf.RenewAt
                ? cached.Response
                : null;
        return response is not null;
    }

    /// <summary>
    /// The same when it should have been renewed and could not be: true until its nextUpdate (RFC 6960 §2.4).
    /// </summary>
    public bool TryFindOld(
        ReadOnlySpan<byte> question,
        DateTimeOffset now,
        [NotNullWhen(true)] out PreparedResponse? response
    )
    {
        response =
            _bySpan.TryGetValue(question, out var cached)
            && cached.Shelf.SignedAt <= now
            && now < cached.Shelf.NextUpdate
                ? cached.Response
                : null;
        return response is not null;
    }

    /// <summary>Keeps a response, unless something has changed since its status was looked up.</summary>
    /// <returns>Whether it is kept.</returns>
    public bool Remember(byte[] question, Authority authority, PreparedResponse response, Shelf shelf, long version)
    {
        if (_capacity == 0)
            return false;
        lock (_changing)
        {
            // Whoever changed something meanwhile has looked here already.
            if (_version != version)
                return false;
            if (_responses.Count >= _capacity)
                MakeRoom();
            _responses[question] = new CachedResponse(authority, response, shelf);
            return true;
        }
    }

    /// <summary>Drops what was said about a certificate, or about all of an authority's.</summary>
    /// <param name="authority">The authority.</param>
    /// <param name="serialNumber">The certificate's serial number in lower-case hexadecimal, or null for all.</param>
    /// <param name="by">Who has changed something about it.</param>
    public void Forget(Authority authority, string? serialNumber, ChangedBy by = ChangedBy.Others)
    {
        // From here on nothing that was looked up before is remembered; what was, goes.
        lock (_changing)
            _version++;
        if (serialNumber is not null && !SerialNumbers.IsCanonical(serialNumber))
            return;
        if (serialNumber is not null)
        {
            foreach (var question in authority.QuestionsAbout(serialNumber))
                _responses.TryRemove(question, out _);
        }
        else
        {
            foreach (var (question, cached) in _responses)
            {
                if (cached.Authority == authority)
                    _responses.TryRemove(question, out _);
            }
        }

        Forgotten?.Invoke(authority, serialNumber, by);
    }

    // An eighth at a time, whichever come first: rare, and what is asked for is soon there again.
    private void MakeRoom()
    {
        foreach (var (question, _) in _responses.Take(Math.Max(1, _capacity / 8)))
            _responses.TryRemove(question, out _);
    }

    private sealed record CachedResponse(Authority Authority, PreparedResponse Response, Shelf Shelf);

    private sealed class QuestionComparer
        : IEqualityComparer<byte[]>,
            IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly QuestionComparer Instance = new();

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(byte[] question) => GetHashCode(question.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> question)
        {
            // Seeded by the process: nobody outside can make questions that collide.
            var hash = new HashCode();
            hash.AddBytes(question);
            return hash.ToHashCode();
        }
    }
}

/// <summary>Who has changed a status.</summary>
internal enum ChangedBy
{
    /// <summary>Another process, which may have done what follows from it.</summary>
    Others,

    /// <summary>This one.</summary>
    Us,
}

/// <summary>How long an answer may be given to others who ask the same.</summary>
/// <param name="SignedAt">When it was signed.</param>
/// <param name="RenewAt">When it makes room for a newer one.</param>
/// <param name="NextUpdate">When it ends, where there is no newer one.</param>
internal readonly record struct Shelf(DateTimeOffset SignedAt, DateTimeOffset RenewAt, DateTimeOffset NextUpdate);
