using OcspLab.Testing;

namespace OcspLab.ArchitectureTests;

/// <summary>Each project of tests says which rings have anything in it.</summary>
public sealed class RingTests
{
    [Fact]
    public void A_project_with_tests_that_take_long_says_so_and_no_other()
    {
        // Written in two parts, or this file would have one.
        var trait = "Trait(\"Ring\", " + "\"long\")";
        var sources = House
            .Files("*.cs")
            .Where(file =>
                File.ReadAllText(Path.Combine(Repository.Root, file)).Contains(trait, StringComparison.Ordinal)
            )
            .Select(file => Path.GetDirectoryName(file)!)
            .ToHashSet(StringComparer.Ordinal);
        var projects = House.Files("*Tests.csproj").ToDictionary(file => file, file => Text(file));
        Assert.Equal(
            projects
                .Keys.Where(file => HasOne(Path.GetDirectoryName(file)!) || Shares(projects[file]))
                .Order(StringComparer.Ordinal),
            projects
                .Keys.Where(file => projects[file].Contains("<HasLongTests>true<", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        );

        bool HasOne(string folder) =>
            sources.Any(source => source == folder || source.StartsWith(folder + "/", StringComparison.Ordinal));

        // What both stores have in common is compiled into each.
        bool Shares(string project) =>
            sources.Contains("tests/packages/Fleets") && project.Contains("../Fleets/*.cs", StringComparison.Ordinal);
    }

    private static string Text(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));
}
