using System.Collections.Frozen;
using System.Text;
using OcspLab.Ocsp;

namespace OcspLab;

/// <summary>The spelling of reasons outside the code.</summary>
public static class RejectionReasons
{
    /// <summary>The member's name in snake_case, for example <c>cert_id_mismatch</c>.</summary>
    public static string ToSnakeCase(this RejectionReason reason) => Names[reason];

    private static readonly FrozenDictionary<RejectionReason, string> Names =
        Enum.GetValues<RejectionReason>().ToFrozenDictionary(reason => reason, reason => SnakeCase(reason.ToString()));

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
