using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Asn1;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Signatures;

namespace OcspLab.Ocsp.Requests;

/// <summary>
/// The signature of a request (RFC 6960 §4.1.1): who asks. Most requests have none, and most responders ignore it.
/// </summary>
public sealed class OcspRequestSignature
{
    private readonly ReadOnlyMemory<byte> _tbsRequest;
    private readonly AlgorithmIdentifier _algorithm;
    private readonly ReadOnlyMemory<byte> _signature;
    private readonly List<ReadOnlyMemory<byte>> _certificates;

    private OcspRequestSignature(
        ReadOnlyMemory<byte> tbsRequest,
        AlgorithmIdentifier algorithm,
        ReadOnlyMemory<byte> signature,
        List<ReadOnlyMemory<byte>> certificates
    )
    {
        _tbsRequest = tbsRequest;
        _algorithm = algorithm;
        _signature = signature;
        _certificates = certificates;
    }

    /// <summary>
    /// Whether the key of an enclosed certificate made it, and that certificate chains to one of
    /// <paramref name="authorities"/>. Revocation is not looked up.
    /// </summary>
    /// <param name="authorities">Whose certificates may ask.</param>
    /// <param name="now">The instant at which the chain must hold.</param>
    public bool IsMadeUnder(X509Certificate2Collection authorities, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(authorities);
        return SignatureVerifier.IsSupported(
                _algorithm,
                AsnEncodingRules.DER,
                Sha1Signatures.Reject,
                out var scheme,
                out _
            )
            && _certificates.Any(certificate =>
                IsSigner(certificate, scheme) && ChainsTo(certificate, authorities, now)
            );
    }

    // Signature ::= SEQUENCE { signatureAlgorithm, signature BIT STRING, certs [0] EXPLICIT SEQUENCE OF Certificate
    // OPTIONAL }
    internal static OcspRequestSignature Decode(AsnReader explicitTag, ReadOnlyMemory<byte> tbsRequest)
    {
        var sequence = explicitTag.ReadSequence();
        explicitTag.ThrowIfNotEmpty();
        var algorithm = AlgorithmIdentifier.Decode(sequence);
        var signature = sequence.ReadBitString(out _);
        var certificates = new List<ReadOnlyMemory<byte>>();
        if (sequence.HasData)
        {
            var list = sequence.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence();
            while (list.HasData)
            {
                if (certificates.Count == MaximumCertificates)
                    throw new AsnContentException($"more than {MaximumCertificates} certificates");
                certificates.Add(list.ReadEncodedValue());
            }
        }

        sequence.ThrowIfNotEmpty();
        return new OcspRequestSignature(tbsRequest, algorithm, signature, certificates);
    }

    private bool IsSigner(ReadOnlyMemory<byte> certificate, SignatureScheme scheme)
    {
        try
        {
            return SignatureVerifier.Verify(
                scheme,
                CertificateBytes.Decode(certificate).PublicKeyInfo,
                _tbsRequest,
                _signature
            );
        }
        catch (AsnContentException)
        {
            // Not a certificate: nobody's.
            return false;
        }
    }

    private bool ChainsTo(ReadOnlyMemory<byte> certificate, X509Certificate2Collection authorities, DateTimeOffset now)
    {
        var enclosed = new X509Certificate2Collection();
        try
        {
            using var signer = X509CertificateLoader.LoadCertificate(certificate.Span);
            foreach (var other in _certificates)
                enclosed.Add(X509CertificateLoader.LoadCertificate(other.Span));
            using var chain = new X509Chain
            {
                ChainPolicy =
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    DisableCertificateDownloads = true,
                    VerificationTime = now.UtcDateTime,
                    VerificationTimeIgnored = false,
                },
            };
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
            chain.ChainPolicy.ExtraStore.AddRange(enclosed);
            return chain.Build(signer);
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            foreach (var other in enclosed)
                other.Dispose();
        }
    }

    private const int MaximumCertificates = 8;
}
