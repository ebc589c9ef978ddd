using System.Formats.Asn1;
using OcspLab.Ocsp.Asn1;

namespace OcspLab.Ocsp.Responses;

/// <summary>A decoded id-pkix-ocsp-basic response (RFC 6960 §4.2.1): facts, not yet proof.</summary>
public sealed class BasicOcspResponse
{
    private BasicOcspResponse() { }

    /// <summary>Who claims to have signed.</summary>
    public required ResponderId ResponderId { get; init; }

    /// <summary>When the response was signed.</summary>
    public required DateTimeOffset ProducedAt { get; init; }

    /// <summary>One entry a certificate, in the responder's order.</summary>
    public required IReadOnlyList<SingleResponse> Responses { get; init; }

    /// <summary>The extensions of the whole response, in the responder's order.</summary>
    public required IReadOnlyList<OcspExtension> Extensions { get; init; }

    /// <summary>
    /// The nonce that the responder gave, or null when there is none or it is not one (RFC 9654 §2.1).
    /// </summary>
    public ReadOnlyMemory<byte>? Nonce { get; private init; }

    /// <summary>The identifier of the signature algorithm.</summary>
    public string SignatureAlgorithm => Algorithm.Oid;

    internal ReadOnlyMemory<byte> TbsResponseData { get; private init; }
    internal AlgorithmIdentifier Algorithm { get; private init; }
    internal ReadOnlyMemory<byte> Signature { get; private init; }
    internal IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; private init; } = [];
    internal bool HasNonce => Extensions.Any(extension => extension.Oid == OcspOids.Nonce);

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
                if (certificates.Count > MaximumCertificates)
                    throw new AsnContentException($"more than {MaximumCertificates} certificates");
            }
        }

        sequence.ThrowIfNotEmpty();

        // ResponseData ::= SEQUENCE {
        //     version              [0] EXPLICIT Version DEFAULT v1,
        //     responderID              ResponderID,
        //     producedAt               GeneralizedTime,
        //     responses                SEQUENCE OF SingleResponse,
        //     responseExtensions   [1] EXPLICIT Extensions OPTIONAL }
        // A default that is spelled out is not DER (X.690 §11.5). It is signed, harmless, and old responders do it.
        if (data.PeekTag().HasSameClassAndValue(Tag(0)))
            ReadVersion(data.ReadSequence(Tag(0)));
        var responderId = ResponderId.Decode(data);
        var producedAt = DerTime.Read(data);
        var entries = data.ReadSequence();
        var responses = new List<SingleResponse>();
        while (entries.HasData)
            responses.Add(SingleResponse.Decode(entries));

        IReadOnlyList<OcspExtension> extensions = data.HasData
            ? OcspExtension.DecodeAll(data.ReadSequence(Tag(1)))
            : [];
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
            Extensions = extensions,
            Nonce = ReadNonce(extensions),
        };
    }

    private static void ReadVersion(AsnReader explicitTag)
    {
        if (explicitTag.ReadInteger() != 0)
            throw new AsnContentException("a version other than v1");
        explicitTag.ThrowIfNotEmpty();
    }

    private static ReadOnlyMemory<byte>? ReadNonce(IReadOnlyList<OcspExtension> extensions)
    {
        foreach (var extension in extensions.Where(extension => extension.Oid == OcspOids.Nonce))
        {
            try
            {
                return extension.ReadNonce();
            }
            catch (AsnContentException)
            {
                // Some responders wrap it once only. It matters to one who sent a nonce, and there it counts as another
                // one.
            }
        }

        return null;
    }

    private static Asn1Tag Tag(int number) => new(TagClass.ContextSpecific, number);

    // One is used. Every one of them may have to be looked at, so there is an end.
    private const int MaximumCertificates = 64;
}
