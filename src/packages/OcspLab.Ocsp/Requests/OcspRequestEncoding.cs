using System.Formats.Asn1;
using OcspLab.Ocsp.Asn1;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Ocsp;
using Org.BouncyCastle.Asn1.X509;
using BcCertId = Org.BouncyCastle.Asn1.Ocsp.CertID;

namespace OcspLab.Ocsp.Requests;

/// <summary>
/// The wire form of a request. Written with BouncyCastle's structures; read with the framework's DER reader, because
/// BouncyCastle's takes BER as well and a responder must tell the two apart (RFC 6960 §4.1).
/// </summary>
internal static class OcspRequestEncoding
{
    public static byte[] Encode(OcspRequest request)
    {
        var list = new Asn1EncodableVector();
        foreach (var id in request.CertIds)
            list.Add(new Request(ToBouncyCastle(id), null));

        var generator = new X509ExtensionsGenerator();
        if (request.Nonce is { } nonce)
            generator.AddExtension(
                new DerObjectIdentifier(OcspOids.Nonce),
                critical: false,
                new DerOctetString(nonce.ToArray())
            );
        if (request.AcceptableResponses is { } acceptable)
            generator.AddExtension(
                new DerObjectIdentifier(OcspOids.AcceptableResponses),
                critical: false,
                new DerSequence(acceptable.Select(Asn1Encodable (oid) => new DerObjectIdentifier(oid)).ToArray())
            );
        if (request.PreferredSignatureAlgorithms is { } preferred)
            generator.AddExtension(
                new DerObjectIdentifier(OcspOids.PreferredSignatureAlgorithms),
                critical: false,
                PreferredSignatureAlgorithm.EncodeAll(preferred)
            );
        var extensions = generator.IsEmpty ? null : generator.Generate();
        return new Org.BouncyCastle.Asn1.Ocsp.OcspRequest(
            new TbsRequest(null, new DerSequence(list), extensions),
            null
        ).GetDerEncoded();
    }

    public static BcCertId ToBouncyCastle(CertId id) =>
        new(
            new Org.BouncyCastle.Asn1.X509.AlgorithmIdentifier(
                new DerObjectIdentifier(id.Hash.Oid()),
                DerNull.Instance
            ),
            new DerOctetString(id.IssuerNameHash.ToArray()),
            new DerOctetString(id.IssuerKeyHash.ToArray()),
            new DerInteger(id.SerialNumber.ToArray())
        );

    // OCSPRequest ::= SEQUENCE { tbsRequest TBSRequest, optionalSignature [0] EXPLICIT Signature OPTIONAL }
    public static OcspRequest Decode(ReadOnlyMemory<byte> encoded)
    {
        var reader = new AsnReader(encoded, AsnEncodingRules.DER);
        var outer = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        var tbs = outer.PeekEncodedValue();
        var request = DecodeTbs(outer.ReadSequence());
        // It may be ignored (RFC 9919 §3.1.2), but not its shape.
        if (outer.HasData)
            request = request with
            {
                Signature = OcspRequestSignature.Decode(
                    outer.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)),
                    tbs
                ),
            };

        outer.ThrowIfNotEmpty();
        return request;
    }

    // TBSRequest ::= SEQUENCE {
    //     version            [0] EXPLICIT Version DEFAULT v1,
    //     requestorName      [1] EXPLICIT GeneralName OPTIONAL,
    //     requestList            SEQUENCE OF Request,
    //     requestExtensions  [2] EXPLICIT Extensions OPTIONAL }
    private static OcspRequest DecodeTbs(AsnReader tbs)
    {
        // DER leaves a default out (X.690 §11.5). Botan's clients spell it out, and mean nothing by it.
        if (tbs.PeekTag().HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 0)))
        {
            var version = tbs.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
            if (!version.ReadInteger().IsZero)
                throw new AsnContentException("a version other than v1");
            version.ThrowIfNotEmpty();
        }

        if (tbs.PeekTag().HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 1)))
        {
            // GeneralName ::= CHOICE of [0] to [8]
            var name = tbs.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 1));
            if (name.PeekTag().TagClass != TagClass.ContextSpecific)
                throw new AsnContentException("a requestorName that is not a GeneralName");
            name.ReadEncodedValue();
            name.ThrowIfNotEmpty();
        }

        var list = tbs.ReadSequence();
        var ids = new List<CertId>();
        while (list.HasData)
        {
            if (ids.Count == MaximumCertIds)
                throw new AsnContentException($"more than {MaximumCertIds} certificates asked about");
            ids.Add(DecodeRequest(list.ReadSequence()));
        }

        if (ids.Count == 0)
            throw new AsnContentException("no certificate asked about");

        ReadOnlyMemory<byte>? nonce = null;
        List<string>? acceptable = null;
        List<PreferredSignatureAlgorithm>? preferred = null;
        if (tbs.HasData)
        {
            foreach (
                var extension in OcspExtension.DecodeAll(tbs.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 2)))
            )
            {
                switch (extension.Oid)
                {
                    case OcspOids.Nonce:
                        nonce = extension.ReadNonce();
                        break;
                    case OcspOids.AcceptableResponses:
                        acceptable = ObjectIdentifierList.Decode(extension.Value, AsnEncodingRules.DER);
                        break;
                    case OcspOids.PreferredSignatureAlgorithms:
                        preferred = PreferredSignatureAlgorithm.DecodeAll(extension.Value);
                        break;
                    default:
                        RefuseCritical(extension);
                        break;
                }
            }
        }

        tbs.ThrowIfNotEmpty();
        return new OcspRequest
        {
            CertIds = ids,
            Nonce = nonce,
            AcceptableResponses = acceptable,
            PreferredSignatureAlgorithms = preferred,
        };
    }

    // Request ::= SEQUENCE { reqCert CertID, singleRequestExtensions [0] EXPLICIT Extensions OPTIONAL }
    private static CertId DecodeRequest(AsnReader request)
    {
        var id = CertId.Decode(request);
        if (request.HasData)
        {
            foreach (
                var extension in OcspExtension.DecodeAll(request.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            )
            {
                if (extension.Oid != OcspOids.ServiceLocator)
                    RefuseCritical(extension);
            }
        }

        request.ThrowIfNotEmpty();
        return id;
    }

    private static void RefuseCritical(OcspExtension extension)
    {
        // RFC 6960 §4.1.2: what is critical and not understood must not be answered as if it were.
        if (extension.Critical)
            throw new AsnContentException($"unknown critical extension {extension.Oid}");
    }

    private const int MaximumCertIds = 64;
}
