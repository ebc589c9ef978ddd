using System.Formats.Asn1;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Requests;

namespace OcspLab.Ocsp.Responses;

/// <summary>Who signed, by name or by key (RFC 6960 §4.2.1, ResponderID).</summary>
public sealed class ResponderId
{
    private ResponderId(ReadOnlyMemory<byte>? name, ReadOnlyMemory<byte>? keyHash)
    {
        Name = name;
        KeyHash = keyHash;
    }

    /// <summary>The signer's distinguished name in DER, for byName.</summary>
    public ReadOnlyMemory<byte>? Name { get; }

    /// <summary>SHA-1 of the signer's public key bits, for byKey.</summary>
    public ReadOnlyMemory<byte>? KeyHash { get; }

    /// <summary><c>key:</c> and the hash in hexadecimal, or the distinguished name.</summary>
    public override string ToString() =>
        KeyHash is { } hash ? $"key:{Convert.ToHexStringLower(hash.Span)}" : DistinguishedNames.Describe(Name!.Value);

    // Read once, however many certificates it is compared with.
    private string? Text => field ??= Name is { } name ? DistinguishedNames.Read(name) : null;

    internal bool Names(CertificateBytes certificate) =>
        KeyHash is { } hash
            ? hash.Span.SequenceEqual(CertIdHash.Sha1.Digest(certificate.PublicKeyBits.Span))
            : Name!.Value.Span.SequenceEqual(certificate.Subject.Span)
                || (Text is { } text && DistinguishedNames.Same(text, certificate.Subject));

    // ResponderID ::= CHOICE { byName [1] EXPLICIT Name, byKey [2] EXPLICIT KeyHash }
    internal static ResponderId Decode(AsnReader parent)
    {
        var tag = parent.PeekTag();
        if (tag.HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 1)))
        {
            var choice = parent.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 1));
            var name = choice.PeekEncodedValue();
            choice.ReadSequence();
            choice.ThrowIfNotEmpty();
            return new ResponderId(name, null);
        }

        var byKey = parent.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 2));
        var keyHash = byKey.ReadOctetString();
        byKey.ThrowIfNotEmpty();
        return new ResponderId(null, keyHash);
    }
}
