using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Ocsp.Verification;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;
using OcspLab.Responder.Tokens;

namespace OcspLab.Responder.Authorities;

/// <summary>
/// One who signs for an authority. Its files are read again when they change; a pair that does not work is not taken.
/// </summary>
internal sealed class Signer : IDisposable
{
    private readonly SignerOptions _files;
    private readonly X509Certificate2 _issuer;
    private readonly FileWatch[] _watches;
    private readonly X509Certificate2Collection? _chain;
    private volatile OcspSigningKey _key;
    private volatile string? _fault;
    private OcspSigningKey? _retired;

    /// <exception cref="InvalidOperationException">
    /// A file cannot be read, or clients of the authority would not believe this signer.
    /// </exception>
    public Signer(SignerOptions files, X509Certificate2 issuer, DateTimeOffset now)
    {
        _files = files;
        _issuer = issuer;
        _chain = files.Chain is null ? null : SignerFiles.LoadCertificates(files.Chain);
        _watches =
        [
            .. new[] { files.Certificate, files.Key, files.PasswordFile }
                .Where(path => !string.IsNullOrEmpty(path) && !Pkcs11Uri.IsOne(path))
                .Select(path => new FileWatch(path!)),
        ];
        _key = Load(now);
    }

    /// <summary>The key as of now.</summary>
    public OcspSigningKey Key => _key;

    /// <summary>What is enclosed in its answers, or null for what is usual.</summary>
    /// <param name="key">Its key, as it was taken.</param>
    public IReadOnlyList<X509Certificate2>? Enclosed(OcspSigningKey key) =>
        _chain is null ? null : [key.Certificate, .. _chain];

    /// <summary>What it signs by where a client does not prefer anything.</summary>
    /// <param name="key">Its key, as it was taken.</param>
    public string AlgorithmOf(OcspSigningKey key) =>
        // A post-quantum key has one algorithm and no digest to choose.
        key.Algorithms[Math.Min((int)_files.Digest, key.Algorithms.Count - 1)];

    public DateTimeOffset NotBefore => _key.Certificate.NotBefore.ToUniversalTime();

    public DateTimeOffset NotAfter => _key.Certificate.NotAfter.ToUniversalTime();

    public static bool IsValid(OcspSigningKey key, DateTimeOffset now) =>
        key.Certificate.NotBefore.ToUniversalTime() <= now && now < key.Certificate.NotAfter.ToUniversalTime();

    /// <summary>Why it does not sign at the moment, or null. Meanwhile it is tried by nobody but the upkeep.</summary>
    public string? Fault
    {
        get => _fault;
        set => _fault = value;
    }

    /// <summary>Why the files as they are now are left aside, or null.</summary>
    public string? Refusal { get; set; }

    /// <summary>The age that people were last told of.</summary>
    public SignerAge ReportedAge { get; set; } = SignerAge.Fresh;

    /// <summary>Ageing begins with the last tenth of its life: whoever renews it should have done so.</summary>
    public SignerAge AgeAt(DateTimeOffset now)
    {
        if (now < NotBefore)
            return SignerAge.NotYetValid;
        if (now >= NotAfter)
            return SignerAge.Expired;
        return NotAfter - now < (NotAfter - NotBefore) / 10 ? SignerAge.Ageing : SignerAge.Fresh;
    }

    /// <summary>Reads the files again when one of them changed. Not thread-safe.</summary>
    /// <returns>True when there is another key now.</returns>
    /// <exception cref="InvalidOperationException">
    /// They do not go together, or clients would not believe them; the former pair stays.
    /// </exception>
    public bool Reload(DateTimeOffset now)
    {
        // What was refused is looked at again: certificate and key are not replaced at one instant.
        var changed = Refusal is not null;
        foreach (var watch in _watches)
            changed |= watch.HasChanged();
        if (!changed)
            return false;
        var key = Load(now);
        Refusal = null;
        if (key.Certificate.RawDataMemory.Span.SequenceEqual(_key.Certificate.RawDataMemory.Span))
        {
            key.Dispose();
            return false;
        }

        // Answers may be in the making with the one before; with the one before that they are not.
        _retired?.Dispose();
        _retired = _key;
        _key = key;
        Fault = null;
        return true;
    }

    /// <summary>
    /// Signs an answer and judges it as a client would. Null when it is believed, else why it is not.
    /// </summary>
    public string? Test(DateTimeOffset now)
    {
        try
        {
            return Test(_key, _issuer, now)?.ToString();
        }
        catch (Exception exception) when (exception is CryptographicException or ObjectDisposedException)
        {
            return $"the key cannot sign: {exception.Message}";
        }
    }

    /// <summary>Lets go of its key: a token's sessions end.</summary>
    public void Dispose()
    {
        _retired?.Dispose();
        _key.Dispose();
    }

    private OcspSigningKey Load(DateTimeOffset now)
    {
        var key = SignerFiles.Load(_files);
        try
        {
            Require(key, now);
            return key;
        }
        catch (InvalidOperationException)
        {
            key.Dispose();
            throw;
        }
        catch (CryptographicException exception)
        {
            key.Dispose();
            throw new InvalidOperationException($"{_files.Certificate}: {exception.Message}", exception);
        }
    }

    private void Require(OcspSigningKey key, DateTimeOffset now)
    {
        // Times pass, and a certificate that is out of date can be replaced while the responder runs.
        if (
            Test(key, _issuer, now) is { } rejection
            && rejection.Reason is not (RejectionReason.SignerExpired or RejectionReason.SignerNotYetValid)
        )
            throw new InvalidOperationException(
                $"{_files.Certificate} cannot sign for '{_issuer.Subject}': {rejection}"
            );
    }

    private static Rejection? Test(OcspSigningKey key, X509Certificate2 issuer, DateTimeOffset now)
    {
        var subject = OcspSubject.FromSerial(0, issuer);
        var answer = new OcspResponseEntry(
            subject.ToCertId(CertIdHash.Sha256),
            CertStatus.Unknown,
            now,
            now + TimeSpan.FromMinutes(1)
        );
        return OcspVerifier
            .Verify(
                OcspResponseBuilder.Build([answer], key, issuer, now),
                subject,
                new VerificationPolicy { ClockSkew = TimeSpan.Zero },
                now
            )
            .TryGetStaple(out _, out var rejection)
            ? null
            : rejection;
    }
}

/// <summary>Where a signer's certificate stands in its life.</summary>
internal enum SignerAge
{
    NotYetValid,
    Fresh,
    Ageing,
    Expired,
}
