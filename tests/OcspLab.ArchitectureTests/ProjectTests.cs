using OcspLab.Testing;

namespace OcspLab.ArchitectureTests;

/// <summary>Projects see what is below them, and never back.</summary>
public sealed class ProjectTests
{
    // Every project, and all that it may see. Service defaults are for services of the lab and the responder.
    private static Dictionary<string, string[]> Allowed { get; } =
        new()
        {
            ["OcspLab.Ocsp"] = [],
            ["OcspLab.Stapling"] = ["OcspLab.Ocsp"],
            ["OcspLab.Stapling.Kestrel"] = ["OcspLab.Stapling"],
            ["OcspLab.Stapling.PostgreSql"] = ["OcspLab.Stapling"],
            ["OcspLab.Stapling.Redis"] = ["OcspLab.Stapling"],
            ["OcspLab.Responder"] = ["OcspLab.Ocsp", "OcspLab.ServiceDefaults"],
            ["OcspLab.Keep"] = ["OcspLab.Stapling"],
            ["OcspLab.Probe"] = ["OcspLab.Ocsp"],
            ["OcspLab.Pki"] = ["OcspLab.Ocsp"],
            ["OcspLab.Dns"] = ["OcspLab.ServiceDefaults"],
            ["OcspLab.Site"] =
            [
                "OcspLab.Stapling.Kestrel",
                "OcspLab.Stapling.PostgreSql",
                "OcspLab.Stapling.Redis",
                "OcspLab.ServiceDefaults",
            ],
            ["OcspLab.Lab"] =
            [
                "OcspLab.Keep",
                "OcspLab.Ocsp",
                "OcspLab.Responder",
                "OcspLab.Pki",
                "OcspLab.Dns",
                "OcspLab.Site",
                "OcspLab.Probe",
            ],
            ["OcspLab.Aspire.Hosting"] = ["OcspLab.Lab", "OcspLab.Pki", "OcspLab.Probe", "OcspLab.Responder"],
            ["OcspLab.Comparison"] = ["OcspLab.Lab"],
            ["OcspLab.LabConsole"] = ["OcspLab.Lab", "OcspLab.ServiceDefaults"],
            ["OcspLab.Cli"] =
            [
                "OcspLab.Comparison",
                "OcspLab.LabConsole",
                "OcspLab.Keep",
                "OcspLab.Lab",
                "OcspLab.Probe",
            ],
        };

    public static TheoryData<string> Projects => [.. House.Projects.Select(project => project.Name)];

    [Theory, MemberData(nameof(Projects))]
    public void A_project_sees_only_what_is_below_it(string project)
    {
        Assert.True(Allowed.ContainsKey(project), $"Say in {nameof(ProjectTests)} where {project} stands.");
        Assert.Empty(House.Find(project).References.Except(Allowed[project]));
    }

    [Theory, MemberData(nameof(Projects))]
    public void A_project_has_tests_or_is_only_put_together_from_what_has(string project)
    {
        string[] untested = ["OcspLab.Site"];
        var tests = Path.Combine(
            Repository.Root,
            "tests",
            Path.GetRelativePath(Path.Combine(Repository.Root, "src"), House.Find(project).Folder) + ".Tests"
        );
        Assert.NotEqual(untested.Contains(project), Directory.Exists(tests));
    }
}
