using System.Formats.Asn1;
using OcspLab.Ocsp.Asn1;

namespace OcspLab.Ocsp.Requests;

/// <summary>
/// A signature algorithm that a client would like, as an entry of PreferredSignatureAlgorithms (RFC 6960 §4.4.7.1).
/// </summary>
/// <param name="Signature">The identifier of the signature algorithm.</param>
/// <param name="KeyAlgorithm">The identifier of the kind of key, or null for any.</param>
/// <param name="Curve">The identifier of the elliptic curve, or null for any.</param>
public sealed record PreferredSignatureAlgorithm(string Signature, string? KeyAlgorithm = null, string? Curve = null)
{
    // PreferredSignatureAlgorithms ::= SEQUENCE OF PreferredSignatureAlgorithm
    // PreferredSignatureAlgorithm ::= SEQUENCE {
    //     sigIdentifier AlgorithmIdentifier, pubKeyAlgIdentifier SMIMECapability OPTIONAL }
    // SMIMECapability ::= SEQUENCE { capabilityID OBJECT IDENTIFIER, parameters ANY OPTIONAL }
    internal static List<PreferredSignatureAlgorithm> DecodeAll(ReadOnlyMemory<byte> value)
    {
        var reader = new AsnReader(value, AsnEncodingRules.DER);
        var sequence = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        var preferences = new List<PreferredSignatureAlgorithm>();
        while (sequence.HasData)
        {
            if (preferences.Count == Maximum)
                throw new AsnContentException($"more than {Maximum} preferred signature algorithms");
            var entry = sequence.ReadSequence();
            var signature = AlgorithmIdentifier.Decode(entry);
            // The same shape as an AlgorithmIdentifier.
            AlgorithmIdentifier? key = entry.HasData ? AlgorithmIdentifier.Decode(entry) : null;
            entry.ThrowIfNotEmpty();
            preferences.Add(
                new PreferredSignatureAlgorithm(signature.Oid, key?.Oid, key is { } of ? CurveOf(of.Parameters) : null)
            );
        }

        return preferences;
    }

    internal static byte[] EncodeAll(IReadOnlyList<PreferredSignatureAlgorithm> preferences)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var preference in preferences)
            {
                using (writer.PushSequence())
                {
                    using (writer.PushSequence())
                        writer.WriteObjectIdentifier(preference.Signature);
                    if (preference.KeyAlgorithm is not { } key)
                        continue;
                    using (writer.PushSequence())
                    {
                        writer.WriteObjectIdentifier(key);
                        if (preference.Curve is { } curve)
                            writer.WriteObjectIdentifier(curve);
                    }
                }
            }
        }

        return writer.Encode();
    }

    /// <summary>The named curve that an elliptic key's parameters are (RFC 5480 §2.1.1), or null.</summary>
    internal static string? CurveOf(ReadOnlyMemory<byte> parameters) =>
        !parameters.IsEmpty
        && new AsnReader(parameters, AsnEncodingRules.BER) is var reader
        && reader.PeekTag().HasSameClassAndValue(Asn1Tag.ObjectIdentifier)
            ? reader.ReadObjectIdentifier()
            : null;

    private const int Maximum = 32;
}
