using System.Collections.Frozen;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Keep.Keeping;

/// <summary>The kept certificates and their staples at one moment, by what clients ask for. Immutable.</summary>
/// <param name="entries">Serial numbers, INTEGER content octets in lower-case hexadecimal, and staples or null.</param>
internal sealed class KeptStaples(IReadOnlyList<(string SerialNumber, VerifiedStaple? Staple)> entries)
{
    private readonly FrozenDictionary<CertId, VerifiedStaple> _byId = entries
        .Select(entry => entry.Staple)
        .OfType<VerifiedStaple>()
        .DistinctBy(staple => staple.CertId)
        .ToFrozenDictionary(staple => staple.CertId);
    private readonly FrozenSet<string> _waiting = entries
        .Where(entry => entry.Staple is null)
        .Select(entry => entry.SerialNumber)
        .ToFrozenSet();

    public IReadOnlyList<(string SerialNumber, VerifiedStaple? Staple)> Entries => entries;

    /// <summary>The staple that a client asks for, or null.</summary>
    public VerifiedStaple? Find(CertId id) => _byId.GetValueOrDefault(id);

    /// <summary>Whether it may be the question about a certificate that has no staple at this moment.</summary>
    public bool IsWaiting(CertId id) => _waiting.Contains(id.ToString());
}
