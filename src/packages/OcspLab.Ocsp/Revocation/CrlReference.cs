using System.Numerics;

namespace OcspLab.Ocsp.Revocation;

/// <summary>A CRL by address, number and time, each of them optional (RFC 6960 §4.4.2, CrlID).</summary>
/// <param name="Url">Where it is.</param>
/// <param name="Number">Its CRLNumber (RFC 5280 §5.2.3).</param>
/// <param name="Time">When it was issued.</param>
public sealed record CrlReference(Uri? Url, BigInteger? Number, DateTimeOffset? Time);
