using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using OcspLab.Comparison.Findings;
using OcspLab.Comparison.Results;

namespace OcspLab.Comparison.Reports;

/// <summary>A comparison as JSON: what was seen, and what follows from it, side by side.</summary>
public static class ComparisonJson
{
    /// <summary>Writes the whole report.</summary>
    /// <param name="result">What was seen.</param>
    /// <param name="findings">What follows from it.</param>
    public static string Write(ComparisonResult result, ComparisonFindings findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        var report = JsonSerializer.SerializeToNode(result, Options)!.AsObject();
        report["judged"] = JsonSerializer.SerializeToNode(findings.Judged, Options);
        report["findings"] = JsonSerializer.SerializeToNode(
            findings.Findings.Select(finding => new
            {
                finding.Server,
                finding.Behaviour,
                finding.Verdict,
                Text = finding.Evidence.ToText(),
            }),
            Options
        );
        report["claims"] = JsonSerializer.SerializeToNode(
            findings.Claims.Select(claim => new
            {
                claim.Claim,
                claim.Verdict,
                Text = claim.Evidence.ToText(),
            }),
            Options
        );
        return report.ToJsonString(Options);
    }

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
