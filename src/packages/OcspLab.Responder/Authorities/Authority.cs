using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Signing;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Authorities;

/// <summary>
/// An authority whose certificates are answered for: known by name and key, with its signers and its source.
/// Thread-safe.
/// </summary>
internal sealed class Authority
{
    private readonly OcspSubject _names;
    private readonly IReadOnlyList<string> _serialPrefixes;
    private volatile string? _sourceFault;
    private volatile string? _doubt;
    private readonly ConcurrentDictionary<string, StrongBox<long>> _signed = new();
    private long _toldOfRowAt = long.MinValue;

    public Authority(
        string name,
        X509Certificate2 issuer,
        IReadOnlyList<Signer> signers,
        IStatusSource source,
        AnswerPolicy policy,
        IEnumerable<string>? serialPrefixes = null
    )
    {
        Name = name;
        Issuer = issuer;
        Signers = signers;
        Source = source;
        Policy = policy;
        _serialPrefixes = [.. (serialPrefixes ?? []).Select(prefix => prefix.ToLowerInvariant())];
        _names = OcspSubject.FromSerial(0, issuer);
    }

    public string Name { get; }

    /// <summary>
    /// What it is called on every machine: SHA-256 of its key, which stays when its certificate is renewed.
    /// </summary>
    public string Id => Identify(Issuer);

    public X509Certificate2 Issuer { get; }

    public IReadOnlyList<Signer> Signers { get; }

    public IStatusSource Source { get; }

    /// <summary>What its answers say.</summary>
    public AnswerPolicy Policy { get; }

    /// <summary>What is wrong with the source at the moment, or null.</summary>
    public string? SourceFault
    {
        get => _sourceFault;
        set => _sourceFault = value;
    }

    /// <summary>Whether people were told of <see cref="SourceFault"/>; only its own loop looks here.</summary>
    public bool IsFaultLogged { get; set; }

    /// <summary><see cref="Id"/> of whoever has this certificate.</summary>
    public static string Identify(X509Certificate2 issuer) =>
        Convert.ToHexStringLower(OcspSubject.FromSerial(0, issuer).ToCertId(CertIdHash.Sha256).IssuerKeyHash.Span);

    /// <summary>A response was signed.</summary>
    public void CountSigned(OcspSigningKey key) =>
        Interlocked.Increment(ref _signed.GetOrAdd(key.Certificate.Thumbprint, _ => new StrongBox<long>()).Value);

    /// <summary>How many were signed since the last call, by the thumbprint of who signed.</summary>
    public IReadOnlyList<(string Signer, long Count)> TakeSigned() =>
        [
            .. _signed
                .Select(entry => (entry.Key, Interlocked.Exchange(ref entry.Value.Value, 0)))
                .Where(entry => entry.Item2 > 0),
        ];

    /// <summary>
    /// A serial number that could not be looked up, or null. The next look asks for it again, and only then is the
    /// source called faulty: one question that failed may be one lost packet.
    /// </summary>
    public string? Doubt
    {
        get => _doubt;
        set => _doubt = value;
    }

    /// <summary>
    /// Whether a serial number may be one of this authority's: RFC 5280 §4.1.2.2 knows none of more than 20 octets, and
    /// where prefixes are set it has one of them.
    /// </summary>
    public bool MayHaveIssued(string serialNumber) =>
        SerialNumbers.IsShort(serialNumber)
        && (
            _serialPrefixes.Count == 0
            || _serialPrefixes.Any(prefix => serialNumber.StartsWith(prefix, StringComparison.Ordinal))
        );

    /// <summary>Whether it is time to speak of a row that cannot be read: once a minute says enough.</summary>
    public bool IsTimeToTellOfRow(TimeProvider clock)
    {
        var now = clock.GetTimestamp();
        var told = Interlocked.Read(ref _toldOfRowAt);
        return (told == long.MinValue || clock.GetElapsedTime(told, now) >= TimeSpan.FromMinutes(1))
            && Interlocked.CompareExchange(ref _toldOfRowAt, now, told) == told;
    }

    /// <summary>By name and key: a serial number alone may be another authority's (RFC 6960 §4.1.1).</summary>
    public bool Issued(CertId id)
    {
        var own = _names.ToCertId(id.Hash);
        return own.IssuerKeyHash.Span.SequenceEqual(id.IssuerKeyHash.Span)
            && own.IssuerNameHash.Span.SequenceEqual(id.IssuerNameHash.Span);
    }

    /// <summary>
    /// The signer and algorithm that the client likes best among those that can be had, else the first signer's own
    /// (RFC 6960 §4.4.7.2).
    /// </summary>
    public bool TrySelectSigner(
        IReadOnlyList<PreferredSignatureAlgorithm>? preferences,
        DateTimeOffset now,
        [NotNullWhen(true)] out SigningChoice? choice
    )
    {
        choice = null;
        // Nobody believes a delegate longer than its issuer.
        if (now < Issuer.NotBefore.ToUniversalTime() || now >= Issuer.NotAfter.ToUniversalTime())
            return false;
        foreach (var preference in preferences ?? [])
        {
            foreach (var signer in Signers)
            {
                // Taken once: another may be in its place a moment later.
                var key = signer.Key;
                if (signer.Fault is not null || !Signer.IsValid(key, now) || !key.Follows(preference))
                    continue;
                choice = new SigningChoice(
                    signer,
                    key,
                    preference.Signature,
                    Exactly(key, preference.Signature),
                    signer.Enclosed(key)
                );
                return true;
            }
        }

        foreach (var signer in Signers)
        {
            var key = signer.Key;
            if (signer.Fault is not null || !Signer.IsValid(key, now))
                continue;
            choice = new SigningChoice(signer, key, signer.AlgorithmOf(key), null, signer.Enclosed(key));
            return true;
        }

        return false;
    }

    /// <summary>
    /// Every question about a serial number that has an answer of its own: one a hash, and one more for each algorithm
    /// that may be preferred.
    /// </summary>
    public IEnumerable<byte[]> QuestionsAbout(string serialNumber)
    {
        PreferredSignatureAlgorithm?[] preferences =
        [
            null,
            .. Signers
                .Select(signer => signer.Key)
                .SelectMany(key => key.Algorithms.Select(algorithm => Exactly(key, algorithm)))
                .Distinct(),
        ];
        var subject = SubjectOf(serialNumber);
        return from hash in Enum.GetValues<CertIdHash>()
            from preference in preferences
            select Question(subject.ToCertId(hash), preference);
    }

    /// <summary>A certificate of this authority.</summary>
    /// <param name="serialNumber">INTEGER content octets in hexadecimal.</param>
    public OcspSubject SubjectOf(string serialNumber) =>
        OcspSubject.FromSerial(
            new BigInteger(Convert.FromHexString(serialNumber), isUnsigned: false, isBigEndian: true),
            Issuer
        );

    /// <summary>The question, however a client wrote it: what answers are remembered by.</summary>
    public static byte[] Question(CertId id, PreferredSignatureAlgorithm? preference) =>
        new OcspRequest
        {
            CertIds = [id],
            PreferredSignatureAlgorithms = preference is null ? null : [preference],
        }.Encode();

    // Two keys may share an algorithm and differ in their curves.
    private static PreferredSignatureAlgorithm Exactly(OcspSigningKey key, string algorithm) =>
        new(algorithm, key.KeyAlgorithm.Oid, key.KeyAlgorithm.Curve);
}

/// <summary>Who signs an answer, and how.</summary>
/// <param name="Signer">Who.</param>
/// <param name="Key">Its key, as it was taken.</param>
/// <param name="Algorithm">The identifier of the signature algorithm.</param>
/// <param name="Preference">The same, and the kind of key, where a client asked for it; or null.</param>
/// <param name="Enclosed">What is enclosed in the answer, or null for what is usual.</param>
internal sealed record SigningChoice(
    Signer Signer,
    OcspSigningKey Key,
    string Algorithm,
    PreferredSignatureAlgorithm? Preference,
    IReadOnlyList<X509Certificate2>? Enclosed
);
