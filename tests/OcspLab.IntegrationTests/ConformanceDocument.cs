using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using OcspLab.Ocsp.Rejections;
using OcspLab.Testing.Conformance;

namespace OcspLab.IntegrationTests;

/// <summary><c>docs/conformance.md</c>, made from what the tests say they prove.</summary>
internal static partial class ConformanceDocument
{
    /// <summary>The names of the tests that carry a rule's id, from all test projects as they were built.</summary>
    public static ILookup<string, string> Proofs { get; } = FindProofs();

    public static string Generate()
    {
        var text = new StringBuilder(
            """
            # Conformance

            What holds, and which test proves it. This page is made from the rule ids that the tests carry; a test
            fails when it is out of date, or when a rule for verifiers is without proof. To make it anew:
            `OCSPLAB_UPDATE_DOCS=1 dotnet test tests/OcspLab.IntegrationTests --filter Conformance`.

            Hostile bytes: every truncation and every flipped bit of good responses and requests, random bytes, and
            mutations of their structure, signed anew or not, are in every test run (14,000 inputs). The long run,
            1.4 million:
            `CsCheck_Iter=200000 dotnet test tests/packages/OcspLab.Ocsp.Tests -c Release --filter HostileBytes`.

            § alone is RFC 6960. RFC 9919 obsoletes RFC 5019, RFC 9654 obsoletes RFC 8954.

            """.ReplaceLineEndings("\n")
        );
        AppendRules(text, "Who verifies", RuleBook.Verifier);
        AppendRules(text, "Who responds", RuleBook.Responder);
        AppendRules(text, "Who staples", RuleBook.Stapling);
        AppendCases(text);
        AppendDisagreements(text);
        AppendReasons(text);
        return text.ToString();
    }

    private static void AppendRules(StringBuilder text, string title, IReadOnlyList<Rule> rules)
    {
        text.Append(
            CultureInfo.InvariantCulture,
            $"\n## {title}\n\n| rule | holds | source | proof |\n|---|---|---|---|\n"
        );
        foreach (var rule in rules)
        {
            var cases = ConformanceTable.Cases.Values.Count(item => item.Rule == rule.Id);
            string[] proofs =
            [
                .. Proofs[rule.Id],
                .. cases > 0 ? [$"{cases} of the [responses below](#responses)"] : (string[])[],
            ];
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {rule.Id} | {rule.Text} | {rule.Source} | "
                    + $"{(proofs.Length == 0 ? "not yet" : string.Join("<br>", proofs))} |\n"
            );
        }
    }

    private static void AppendCases(StringBuilder text)
    {
        text.Append(
            CultureInfo.InvariantCulture,
            $"\n## Responses\n\n{ConformanceTable.Cases.Count} responses, each right or wrong in one way, each "
                + $"given to this library and to `openssl ocsp` (3.0).\n\n"
        );
        text.Append("| rule | response | verdict | openssl |\n|---|---|---|---|\n");
        foreach (var item in ConformanceTable.Cases.Values)
        {
            var verdict = item.IsAccepted ? item.Expected : $"[{item.Expected}](#{item.Expected})";
            var openssl =
                item.OpenSslCannotJudge is { } why ? $"not asked: {why}"
                : item.OpenSslDiffers is null ? "agrees"
                : "[differs](#where-openssl-says-something-else)";
            text.Append(CultureInfo.InvariantCulture, $"| {item.Rule} | {item.Name} | {verdict} | {openssl} |\n");
        }
    }

    private static void AppendDisagreements(StringBuilder text)
    {
        text.Append(
            "\n## Where openssl says something else\n\nA test fails when one of these goes away.\n\n| response | "
                + "here | why, and what openssl does |\n|---|---|---|\n"
        );
        foreach (var item in ConformanceTable.Cases.Values.Where(item => item.OpenSslDiffers is not null))
            text.Append(CultureInfo.InvariantCulture, $"| {item.Name} | {item.Expected} | {item.OpenSslDiffers} |\n");
    }

    private static void AppendReasons(StringBuilder text)
    {
        text.Append(
            "\n## Reasons\n\nThe same word is the member of `RejectionReason`, the value in JSON, the tag of the "
                + "metric and the anchor here.\n\n"
        );
        var documentation = XDocument
            .Load(Path.Combine(AppContext.BaseDirectory, "OcspLab.Ocsp.xml"))
            .Descendants("member")
            .ToDictionary(member => member.Attribute("name")!.Value, member => member.Element("summary")?.Value.Trim());
        foreach (var reason in Enum.GetValues<RejectionReason>())
        {
            var summary = documentation[$"F:{typeof(RejectionReason).FullName}.{reason}"]!;
            text.Append(
                CultureInfo.InvariantCulture,
                $"### {reason.ToSnakeCase()}\n{Spaces().Replace(summary, " ")}\n\n"
            );
        }

        text.Length--;
    }

    private static ILookup<string, string> FindProofs()
    {
        // …/tests/OcspLab.IntegrationTests/bin/Release/net10.0
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var tests = here.Parent!.Parent!.Parent!.Parent!;
        var output = Path.Combine("bin", here.Parent.Name, here.Name);
        var assemblies = tests
            .GetDirectories("*Tests", SearchOption.AllDirectories)
            .Select(folder => Path.Combine(folder.FullName, output, folder.Name + ".dll"))
            .Where(File.Exists)
            .Order(StringComparer.Ordinal)
            .ToArray();
        return assemblies
            .SelectMany(FindProofs)
            .OrderBy(proof => proof.Test, StringComparer.Ordinal)
            .ToLookup(proof => proof.Rule, proof => proof.Test);
    }

    private static List<(string Rule, string Test)> FindProofs(string path)
    {
        var files = Directory
            .GetFiles(Path.GetDirectoryName(path)!, "*.dll")
            .Concat(Directory.GetFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "*.dll"))
            .Concat(
                Directory.GetFiles(
                    Path.GetDirectoryName(typeof(Microsoft.AspNetCore.Http.HttpContext).Assembly.Location)!,
                    "*.dll"
                )
            )
            .DistinctBy(Path.GetFileName);
        using var context = new MetadataLoadContext(new PathAssemblyResolver(files));
        return
        [
            .. from type in context.LoadFromAssemblyPath(path).GetTypes()
            from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            from attribute in method.GetCustomAttributesData()
            where
                attribute.AttributeType.Name == nameof(TraitAttribute)
                && (string)attribute.ConstructorArguments[0].Value! == "Rule"
            select (
                (string)attribute.ConstructorArguments[1].Value!,
                $"{method.Name.Replace('_', ' ')} (`{type.Name}`)"
            ),
        ];
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
