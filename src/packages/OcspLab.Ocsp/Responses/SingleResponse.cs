using System.Formats.Asn1;
using OcspLab.Ocsp.Asn1;
using OcspLab.Ocsp.Requests;

namespace OcspLab.Ocsp.Responses;

/// <summary>The status of one certificate within a response (RFC 6960 §4.2.1).</summary>
public sealed record SingleResponse
{
    /// <summary>
    /// The certificate that the status is of; null when it is named by a hash that this library does not know.
    /// </summary>
    public required CertId? CertId { get; init; }

    /// <summary>Good, revoked or unknown.</summary>
    public required CertStatus Status { get; init; }

    /// <summary>When the status was known to be correct.</summary>
    public required DateTimeOffset ThisUpdate { get; init; }

    /// <summary>When newer information is available at the latest; null when the responder does not say.</summary>
    public required DateTimeOffset? NextUpdate { get; init; }

    /// <summary>The extensions of this entry, in the responder's order.</summary>
    public required IReadOnlyList<OcspExtension> Extensions { get; init; }

    // SingleResponse ::= SEQUENCE {
    //     certID                CertID,
    //     certStatus            CertStatus,
    //     thisUpdate            GeneralizedTime,
    //     nextUpdate        [0] EXPLICIT GeneralizedTime OPTIONAL,
    //     singleExtensions  [1] EXPLICIT Extensions OPTIONAL }
    internal static SingleResponse Decode(AsnReader parent)
    {
        var sequence = parent.ReadSequence();
        CertId? id = null;
        try
        {
            id = CertId.Decode(sequence);
        }
        catch (UnsupportedCertIdHashException)
        {
            // Somebody else's entry as far as matching goes; the rest is still decoded strictly.
        }

        var status = DecodeStatus(sequence);
        var thisUpdate = DerTime.Read(sequence);
        DateTimeOffset? nextUpdate = null;
        if (sequence.HasData && sequence.PeekTag().HasSameClassAndValue(Tag(0)))
        {
            var explicitTag = sequence.ReadSequence(Tag(0));
            nextUpdate = DerTime.Read(explicitTag);
            explicitTag.ThrowIfNotEmpty();
        }

        IReadOnlyList<OcspExtension> extensions = sequence.HasData
            ? OcspExtension.DecodeAll(sequence.ReadSequence(Tag(1)))
            : [];
        sequence.ThrowIfNotEmpty();
        return new SingleResponse
        {
            CertId = id,
            Status = status,
            ThisUpdate = thisUpdate,
            NextUpdate = nextUpdate,
            Extensions = extensions,
        };
    }

    // CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2] IMPLICIT NULL }
    // RevokedInfo ::= SEQUENCE { revocationTime GeneralizedTime, revocationReason [0] EXPLICIT CRLReason OPTIONAL }
    private static CertStatus DecodeStatus(AsnReader sequence)
    {
        var tag = sequence.PeekTag();
        if (tag.HasSameClassAndValue(Tag(0)))
        {
            sequence.ReadNull(Tag(0));
            return CertStatus.Good;
        }

        if (tag.HasSameClassAndValue(Tag(2)))
        {
            sequence.ReadNull(Tag(2));
            return CertStatus.Unknown;
        }

        var revoked = sequence.ReadSequence(Tag(1));
        var time = DerTime.Read(revoked);
        RevocationReason? reason = null;
        if (revoked.HasData)
        {
            var explicitTag = revoked.ReadSequence(Tag(0));
            reason = (RevocationReason)DerEnumerated.Read(explicitTag);
            explicitTag.ThrowIfNotEmpty();
        }

        revoked.ThrowIfNotEmpty();
        return CertStatus.Revoked(time, reason);
    }

    private static Asn1Tag Tag(int number) => new(TagClass.ContextSpecific, number);
}
