using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp;

namespace OcspLab.Responder;

/// <summary>An authority whose certificates are answered for: known by name and key, with its signers and its source. Thread-safe.</summary>
internal sealed class Authority
{
    private readonly OcspSubject _names;

    public Authority(string name, X509Certificate2 issuer, IReadOnlyList<Signer> signers, IStatusSource source)
    {
        Name = name;
        Issuer = issuer;
        Signers = signers;
        Source = source;
        _names = OcspSubject.FromSerial(0, issuer);
    }

    public string Name { get; }

    public X509Certificate2 Issuer { get; }

    public IReadOnlyList<Signer> Signers { get; }

    public IStatusSource Source { get; }

    /// <summary>What is wrong with the source at the moment, or null.</summary>
    public string? SourceFault { get; set; }

    /// <summary>By name and key: a serial number alone may be another authority's (RFC 6960 §4.1.1).</summary>
    public bool Issued(CertId id)
    {
        var own = _names.ToCertId(id.Hash);
        return own.IssuerKeyHash.Span.SequenceEqual(id.IssuerKeyHash.Span) && own.IssuerNameHash.Span.SequenceEqual(id.IssuerNameHash.Span);
    }

    /// <summary>The signer and algorithm that the client likes best among those that can be had, else the first signer's own (RFC 6960 §4.4.7.2).</summary>
    public bool TrySelectSigner(IReadOnlyList<PreferredSignatureAlgorithm>? preferences, DateTimeOffset now, [NotNullWhen(true)] out SigningChoice? choice)
    {
        foreach (var preference in preferences ?? [])
        {
            foreach (var signer in Signers)
            {
                if (!signer.IsValidAt(now) || !signer.Key.Follows(preference))
                    continue;
                choice = new SigningChoice(signer, preference.Signature, preference.Signature);
                return true;
            }
        }

        choice = Signers.FirstOrDefault(signer => signer.IsValidAt(now)) is { } first ? new SigningChoice(first, first.Key.Algorithms[0], null) : null;
        return choice is not null;
    }

    /// <summary>Every question about a serial number that has an answer of its own: one a hash, and one more for each algorithm that may be preferred.</summary>
    public IEnumerable<byte[]> QuestionsAbout(string serialNumber)
    {
        string?[] preferences = [null, .. Signers.SelectMany(signer => signer.Key.Algorithms).Distinct()];
        var serial = new BigInteger(Convert.FromHexString(serialNumber), isUnsigned: false, isBigEndian: true);
        var subject = OcspSubject.FromSerial(serial, Issuer);
        return from hash in Enum.GetValues<CertIdHash>() from preference in preferences select Question(subject.ToCertId(hash), preference);
    }

    /// <summary>The question, however a client wrote it: what answers are remembered by.</summary>
    public static byte[] Question(CertId id, string? preference) =>
        new OcspRequest { CertIds = [id], PreferredSignatureAlgorithms = preference is null ? null : [new PreferredSignatureAlgorithm(preference)] }.Encode();
}

/// <summary>Who signs an answer, and how.</summary>
/// <param name="Signer">Who.</param>
/// <param name="Algorithm">The identifier of the signature algorithm.</param>
/// <param name="Preference">The same where a client asked for it, or null.</param>
internal sealed record SigningChoice(Signer Signer, string Algorithm, string? Preference);
