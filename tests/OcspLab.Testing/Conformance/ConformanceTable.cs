using OcspLab.Ocsp.Rejections;
using OcspLab.Testing.Forge;

namespace OcspLab.Testing.Conformance;

/// <summary>
/// Every case, made for the present instant (<c>openssl ocsp</c> judges times by the real clock only).
/// </summary>
public static partial class ConformanceTable
{
    private static readonly Lazy<ForgePki> LazyPki = new(() => new ForgePki(TimeProvider.System.GetUtcNow()));

    private static readonly Lazy<IReadOnlyDictionary<string, ConformanceCase>> LazyCases = new(() =>
        All().ToDictionary(item => item.Name, StringComparer.Ordinal)
    );

    public static ForgePki Pki => LazyPki.Value;

    /// <summary>All cases by name, in the table's order.</summary>
    public static IReadOnlyDictionary<string, ConformanceCase> Cases => LazyCases.Value;

    private static ForgedResponse Good => Pki.Good;

    private static ForgedEntry Entry => Pki.Entry;

    private static IEnumerable<ConformanceCase> All() =>
        [
            .. Statuses(),
            .. Encodings(),
            .. Matches(),
            .. Signatures(),
            .. Algorithms(),
            .. Delegates(),
            .. Times(),
            .. Extensions(),
        ];

    private static ConformanceCase Accept(string rule, string name, ForgedResponse response, string status = "good") =>
        new(rule, name, response.Encode()) { Expected = status };

    private static ConformanceCase Reject(string rule, string name, RejectionReason reason, ForgedResponse response) =>
        Reject(rule, name, reason, response.Encode());

    private static ConformanceCase Reject(string rule, string name, RejectionReason reason, byte[] response) =>
        new(rule, name, response) { Expected = reason.ToSnakeCase() };
}
