using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Asn1;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signatures;

namespace OcspLab.Ocsp.Revocation;

/// <summary>
/// A CRL whose signature and scope were checked (RFC 5280 §5): what one authority has revoked, all of it or, in a delta
/// CRL, since another. Immutable.
/// </summary>
public sealed class CertificateRevocationList
{
    private readonly Dictionary<string, CertStatus> _revoked = [];

    private CertificateRevocationList() { }

    /// <summary>When it was issued.</summary>
    public DateTimeOffset ThisUpdate { get; private set; }

    /// <summary>When the next one is issued at the latest; null when the authority does not say.</summary>
    public DateTimeOffset? NextUpdate { get; private set; }

    /// <summary>Its CRLNumber (RFC 5280 §5.2.3), or null.</summary>
    public BigInteger? Number { get; private set; }

    /// <summary>
    /// The number of the complete CRL that a delta CRL is to be read with (RFC 5280 §5.2.4); null for a complete one.
    /// </summary>
    public BigInteger? BaseNumber { get; private set; }

    /// <summary>How many certificates it names.</summary>
    public int Count => _revoked.Count;

    /// <summary>
    /// The serial numbers that it names, as INTEGER content octets in lower-case hexadecimal.
    /// </summary>
    public IReadOnlyCollection<string> SerialNumbers => _revoked.Keys;

    /// <summary>
    /// Decodes and checks a CRL: the issuer's name and signature, and that it is about all of the issuer's
    /// certificates. Its times are left to the caller.
    /// </summary>
    /// <param name="encoded">DER.</param>
    /// <param name="issuer">The authority that must have signed it.</param>
    /// <param name="scope">Which lists are taken.</param>
    /// <param name="crl">The list.</param>
    /// <param name="fault">Why it is not usable.</param>
    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded,
        X509Certificate2 issuer,
        CrlScope scope,
        [NotNullWhen(true)] out CertificateRevocationList? crl,
        [NotNullWhen(false)] out string? fault
    )
    {
        ArgumentNullException.ThrowIfNull(issuer);
        crl = null;
        fault = null;
        try
        {
            crl = Decode(encoded, issuer, scope);
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException)
        {
            fault = exception.Message;
        }

        return crl is not null;
    }

    /// <summary>What it says of a certificate, or null where it does not name it.</summary>
    /// <param name="serialNumber">The serial number, as INTEGER content octets in lower-case hexadecimal.</param>
    public CertStatus? Find(string serialNumber) => _revoked.GetValueOrDefault(serialNumber);

    /// <summary>Good, or revoked with time and reason. A CRL does not know which certificates were issued.</summary>
    /// <param name="serialNumber">The serial number, as INTEGER content octets in lower-case hexadecimal.</param>
    public CertStatus StatusOf(string serialNumber) => _revoked.GetValueOrDefault(serialNumber, CertStatus.Good);

    // CertificateList ::= SEQUENCE { tbsCertList TBSCertList, signatureAlgorithm AlgorithmIdentifier, signatureValue
    // BIT STRING }
    private static CertificateRevocationList Decode(
        ReadOnlyMemory<byte> encoded,
        X509Certificate2 issuer,
        CrlScope scope
    )
    {
        var authority = CertificateBytes.Of(issuer);
        // BER, as with certificates: the signature covers the bytes as they are.
        var reader = new AsnReader(encoded, AsnEncodingRules.BER);
        var list = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        var tbs = list.PeekEncodedValue();
        var body = list.ReadSequence();
        var encodedAlgorithm = list.PeekEncodedValue();
        var algorithm = AlgorithmIdentifier.Decode(list);
        var signature = list.ReadBitString(out var unusedBits);
        list.ThrowIfNotEmpty();
        if (unusedBits != 0)
            throw new AsnContentException("a signature that is not whole octets");

        if (
            !SignatureVerifier.IsSupported(
                algorithm,
                AsnEncodingRules.BER,
                Sha1Signatures.Reject,
                out var scheme,
                out var rejection
            )
        )
            throw new AsnContentException($"{rejection.Reason}: {rejection.Detail}");
        if (
            issuer.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage
            && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign)
        )
            throw new AsnContentException($"'{issuer.Subject}' may not sign CRLs (key usage)");
        if (!SignatureVerifier.Verify(scheme, authority.PublicKeyInfo, tbs, signature))
            throw new AsnContentException($"it was not signed by '{issuer.Subject}'");
        return DecodeSigned(body, encodedAlgorithm, authority, scope);
    }

    // TBSCertList ::= SEQUENCE {
    //     version Version OPTIONAL, signature AlgorithmIdentifier, issuer Name,
    //     thisUpdate Time, nextUpdate Time OPTIONAL,
    //     revokedCertificates SEQUENCE OF SEQUENCE {
    //         userCertificate, revocationDate Time, crlEntryExtensions OPTIONAL } OPTIONAL,
    //     crlExtensions [0] EXPLICIT Extensions OPTIONAL }
    private static CertificateRevocationList DecodeSigned(
        AsnReader body,
        ReadOnlyMemory<byte> algorithm,
        CertificateBytes authority,
        CrlScope scope
    )
    {
        if (body.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
            body.ReadInteger();
        if (!body.ReadEncodedValue().Span.SequenceEqual(algorithm.Span))
            throw new AsnContentException("the algorithm outside is not the signed one");
        if (!DistinguishedNames.Same(body.ReadEncodedValue(), authority.Subject))
            throw new AsnContentException("it names another issuer");
        var crl = new CertificateRevocationList { ThisUpdate = DerTime.ReadEither(body) };
        if (body.HasData && IsTime(body.PeekTag()))
            crl.NextUpdate = DerTime.ReadEither(body);
        var entries =
            body.HasData && body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence) ? body.ReadSequence() : null;
        if (body.HasData)
            crl.ReadExtensions(
                OcspExtension.DecodeAll(body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0))),
                scope
            );
        body.ThrowIfNotEmpty();
        if (scope == CrlScope.Delta && (crl.BaseNumber is null || crl.Number is null))
            throw new AsnContentException("it is a complete CRL; a delta CRL is needed");
        while (entries is { HasData: true })
            crl.ReadEntry(entries.ReadSequence());
        return crl;
    }

    private void ReadEntry(AsnReader entry)
    {
        var serial = Convert.ToHexStringLower(entry.ReadIntegerBytes().Span);
        var at = DerTime.ReadEither(entry);
        RevocationReason? reason = null;
        if (entry.HasData)
        {
            foreach (var extension in OcspExtension.DecodeAll(entry))
            {
                if (extension.Oid == OcspOids.ReasonCode)
                    reason = (RevocationReason)DerEnumerated.Read(new AsnReader(extension.Value, AsnEncodingRules.BER));
                else if (extension.Critical)
                    throw new AsnContentException(
                        $"an entry has the critical extension {extension.Oid}, which is not understood"
                    );
            }
        }

        entry.ThrowIfNotEmpty();
        _revoked[serial] = CertStatus.Revoked(at, reason);
    }

    private void ReadExtensions(IReadOnlyList<OcspExtension> extensions, CrlScope scope)
    {
        foreach (var extension in extensions)
        {
            switch (extension.Oid)
            {
                case OcspOids.CrlNumber:
                    Number = new AsnReader(extension.Value, AsnEncodingRules.BER).ReadInteger();
                    break;
                case OcspOids.DeltaCrlIndicator when scope != CrlScope.Delta:
                    throw new AsnContentException("it is a delta CRL; a complete one is needed");
                case OcspOids.DeltaCrlIndicator:
                    BaseNumber = new AsnReader(extension.Value, AsnEncodingRules.BER).ReadInteger();
                    break;
                case OcspOids.IssuingDistributionPoint:
                    RefusePart(extension, scope);
                    break;
                default:
                    if (extension.Critical)
                        throw new AsnContentException(
                            $"it has the critical extension {extension.Oid}, which is not understood"
                        );
                    break;
            }
        }
    }

    // IssuingDistributionPoint ::= SEQUENCE { distributionPoint [0] OPTIONAL, …; everything else narrows it, or adds
    // other issuers' certificates }
    // A distribution point alone may be the only one there is, or one of many (§5.2.5): the list does not say.
    private static void RefusePart(OcspExtension extension, CrlScope scope)
    {
        var point = new AsnReader(extension.Value, AsnEncodingRules.BER).ReadSequence();
        while (point.HasData)
        {
            if (
                scope == CrlScope.Complete
                && point.PeekTag().HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 0))
            )
                throw new AsnContentException(
                    "it is that of a distribution point, which may be one of several (issuingDistributionPoint)"
                );
            if (!point.PeekTag().HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 0)))
                throw new AsnContentException(
                    "it is about some of the issuer's certificates only (issuingDistributionPoint); a complete one "
                        + "is needed"
                );
            point.ReadEncodedValue();
        }
    }

    private static bool IsTime(Asn1Tag tag) =>
        tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);
}

/// <summary>Which CRLs count as complete.</summary>
public enum CrlScope
{
    /// <summary>Those without an issuingDistributionPoint: they are about all of the issuer's certificates.</summary>
    Complete,

    /// <summary>
    /// Those of a distribution point too, for authorities that have only one: nothing else about them is narrower.
    /// </summary>
    DistributionPoint,

    /// <summary>Delta CRLs, and no others: what has changed since a complete one (§5.2.4).</summary>
    Delta,
}
