using System.Formats.Asn1;
using OcspLab.Ocsp.Asn1;

namespace OcspLab.Ocsp.Requests;

/// <summary>
/// Names one certificate to a responder: hashes of its issuer's name and key, and its serial number (RFC 6960 §4.1.1).
/// Two are equal when hash algorithm, both hashes and serial are.
/// </summary>
public sealed class CertId : IEquatable<CertId>
{
    internal CertId(
        CertIdHash hash,
        ReadOnlyMemory<byte> issuerNameHash,
        ReadOnlyMemory<byte> issuerKeyHash,
        ReadOnlyMemory<byte> serialNumber
    )
    {
        Hash = hash;
        IssuerNameHash = issuerNameHash;
        IssuerKeyHash = issuerKeyHash;
        SerialNumber = serialNumber;
    }

    /// <summary>The hash algorithm of both issuer hashes.</summary>
    public CertIdHash Hash { get; }

    /// <summary>Hash of the issuer's DER-encoded distinguished name.</summary>
    public ReadOnlyMemory<byte> IssuerNameHash { get; }

    /// <summary>
    /// Hash of the value of the issuer's subjectPublicKey BIT STRING, without tag, length and unused-bits octet.
    /// </summary>
    public ReadOnlyMemory<byte> IssuerKeyHash { get; }

    /// <summary>The serial number as the content octets of its INTEGER (big-endian two's complement).</summary>
    public ReadOnlyMemory<byte> SerialNumber { get; }

    /// <inheritdoc/>
    public bool Equals(CertId? other) =>
        other is not null
        && Hash == other.Hash
        && SerialNumber.Span.SequenceEqual(other.SerialNumber.Span)
        && IssuerNameHash.Span.SequenceEqual(other.IssuerNameHash.Span)
        && IssuerKeyHash.Span.SequenceEqual(other.IssuerKeyHash.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CertId);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Hash);
        hash.AddBytes(SerialNumber.Span);
        hash.AddBytes(IssuerKeyHash.Span);
        return hash.ToHashCode();
    }

    /// <summary>The serial number in lower-case hexadecimal.</summary>
    public override string ToString() => Convert.ToHexStringLower(SerialNumber.Span);

    // CertID ::= SEQUENCE {
    //     hashAlgorithm   AlgorithmIdentifier,
    //     issuerNameHash  OCTET STRING,
    //     issuerKeyHash   OCTET STRING,
    //     serialNumber    CertificateSerialNumber }
    internal static CertId Decode(AsnReader parent)
    {
        var sequence = parent.ReadSequence();
        var algorithm = AlgorithmIdentifier.Decode(sequence);
        if (!algorithm.HasNoParameters)
            throw new AsnContentException("a hash algorithm with parameters");
        var hash = CertIdHashes.FromOid(algorithm.Oid);
        var nameHash = sequence.ReadOctetString();
        var keyHash = sequence.ReadOctetString();
        var serial = sequence.ReadIntegerBytes();
        sequence.ThrowIfNotEmpty();
        if (hash is null)
            throw new UnsupportedCertIdHashException(algorithm.Oid);
        return new CertId(hash.Value, nameHash, keyHash, serial.ToArray());
    }
}
