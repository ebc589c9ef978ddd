using System.Formats.Asn1;

namespace OcspLab.Ocsp;

/// <summary>A decoded id-pkix-ocsp-basic response (RFC 6960 §4.2.1): facts, not yet proof.</summary>
public sealed class BasicOcspResponse
{
    private BasicOcspResponse()
    {
    }

    /// <summary>Who claims to have signed.</summary>
    public required ResponderId ResponderId { get; init; }

    /// <summary>When the response was signed.</summary>
    public required DateTimeOffset ProducedAt { get; init; }

    /// <summary>One entry a certificate, in the responder's order.</summary>
    public required IReadOnlyList<SingleResponse> Responses { get; init; }

    /// <summary>The nonce that the responder gave, or null.</summary>
    public ReadOnlyMemory<byte>? Nonce { get; init; }

    /// <summary>The identifier of the signature algorithm.</summary>
    public string SignatureAlgorithm => Algorithm.Oid;

    internal ReadOnlyMemory<byte> TbsResponseData { get; private init; }
    internal AlgorithmIdentifier Algorithm { get; private init; }
    internal ReadOnlyMemory<byte> Signature { get; private init; }
    internal IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; private init; } = [];
    internal string? UnknownCriticalExtension { get; private init; }

    // BasicOCSPResponse ::= SEQUENCE {
    //     tbsResponseData     ResponseData,
    //     signatureAlgorithm  AlgorithmIdentifier,
    //     signature           BIT STRING,
    //     certs           [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
    internal static BasicOcspResponse Decode(ReadOnlyMemory<byte> encoded)
    {
        var reader = new AsnReader(encoded, AsnEncodingRules.DER);
        var sequence = reader.ReadSequence();
        reader.ThrowIfNotEmpty();

        // The signature is over these very bytes: they are kept, never encoded again.
        var tbs = sequence.PeekEncodedValue();
        var data = sequence.ReadSequence();
        var algorithm = AlgorithmIdentifier.Decode(sequence);
        var signature = sequence.ReadBitString(out var unusedBits);
        if (unusedBits != 0)
            throw new AsnContentException("a signature that is not whole octets");

        var certificates = new List<ReadOnlyMemory<byte>>();
        if (sequence.HasData)
        {
            var explicitTag = sequence.ReadSequence(Tag(0));
            var list = explicitTag.ReadSequence();
            explicitTag.ThrowIfNotEmpty();
            while (list.HasData)
            {
                certificates.Add(list.PeekEncodedValue());
                list.ReadSequence();
            }
        }

        sequence.ThrowIfNotEmpty();

        // ResponseData ::= SEQUENCE {
        //     version              [0] EXPLICIT Version DEFAULT v1,
        //     responderID              ResponderID,
        //     producedAt               GeneralizedTime,
        //     responses                SEQUENCE OF SingleResponse,
        //     responseExtensions   [1] EXPLICIT Extensions OPTIONAL }
        if (data.PeekTag().HasSameClassAndValue(Tag(0)))
            throw new AsnContentException("version v1 is the default and is left out in DER; there is no other");
        var responderId = ResponderId.Decode(data);
        var producedAt = DerTime.Read(data);
        var entries = data.ReadSequence();
        var responses = new List<SingleResponse>();
        while (entries.HasData)
            responses.Add(SingleResponse.Decode(entries));

        ReadOnlyMemory<byte>? nonce = null;
        string? critical = null;
        if (data.HasData)
        {
            foreach (var extension in OcspExtension.DecodeAll(data.ReadSequence(Tag(1))))
            {
                if (extension.Oid == OcspOids.Nonce)
                    nonce = extension.ReadNonce();
                else if (extension.Critical && extension.Oid != OcspOids.ExtendedRevoke)
                    critical ??= extension.Oid;
            }
        }

        data.ThrowIfNotEmpty();
        return new BasicOcspResponse
        {
            TbsResponseData = tbs,
            Algorithm = algorithm,
            Signature = signature,
            Certificates = certificates,
            ResponderId = responderId,
            ProducedAt = producedAt,
            Responses = responses,
            Nonce = nonce,
            UnknownCriticalExtension = critical,
        };
    }

    private static Asn1Tag Tag(int number) => new(TagClass.ContextSpecific, number);
}
