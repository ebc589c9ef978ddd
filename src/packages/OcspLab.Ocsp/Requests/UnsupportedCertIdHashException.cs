using System.Diagnostics.CodeAnalysis;

namespace OcspLab.Ocsp.Requests;

/// <summary>Well-formed, but no certificate can be looked up by it. Never leaves the decoders.</summary>
[SuppressMessage(
    "Design",
    "CA1032",
    Justification = "Internal: carried from one decoder to the next, never constructed by others."
)]
internal sealed class UnsupportedCertIdHashException(string oid) : Exception($"CertID hash algorithm {oid}");
