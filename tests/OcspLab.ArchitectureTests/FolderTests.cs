using ArchUnitNET.Domain;
using ArchUnitNET.Loader;

namespace OcspLab.ArchitectureTests;

/// <summary>A folder is a namespace, and the folders of a project form no cycle.</summary>
public sealed class FolderTests
{
    public static TheoryData<string> Projects => [.. House.Projects.Select(project => project.Name)];

    [Theory, MemberData(nameof(Projects))]
    public void Folders_form_no_cycle(string project)
    {
        var assembly = System.Reflection.Assembly.Load(House.Find(project).AssemblyName);
        var arrows = Arrows(assembly, project);
        var cycles = Cycles(arrows);
        Assert.True(cycles.Count == 0, string.Join(Environment.NewLine, cycles));
    }

    [Theory, MemberData(nameof(Projects))]
    public void A_folder_is_a_namespace(string project)
    {
        var folder = House.Find(project).Folder;
        var strangers =
            from file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            let path = Path.GetRelativePath(folder, file)
            where
                !path.StartsWith("bin/", StringComparison.Ordinal) && !path.StartsWith("obj/", StringComparison.Ordinal)
            let declared = House.NamespaceIn(file)
            let expected = string.Join(
                '.',
                [project, .. Path.GetDirectoryName(path)!.Split('/', StringSplitOptions.RemoveEmptyEntries)]
            )
            where declared is not null && declared != expected && !IsExtension(path, declared)
            select $"{path} is in {declared}";
        Assert.True(!strangers.Any(), string.Join(Environment.NewLine, strangers));
    }

    // Extension methods live where people look for them, so that no extra using is needed.
    private static bool IsExtension(string path, string declared) =>
        path.EndsWith("Extensions.cs", StringComparison.Ordinal)
        && (declared.StartsWith("Microsoft.", StringComparison.Ordinal) || declared == "Aspire.Hosting");

    /// <summary>Which folder uses which, and one pair of types that shows it.</summary>
    private static Dictionary<(string From, string To), string> Arrows(
        System.Reflection.Assembly assembly,
        string project
    )
    {
        var architecture = new ArchLoader().LoadAssembly(assembly).Build();
        var arrows = new Dictionary<(string, string), string>();
        foreach (var type in architecture.Types)
        {
            foreach (var dependency in type.Dependencies)
            {
                var (from, to) = (FolderOf(type, project), FolderOf(dependency.Target, project));
                if (from is not null && to is not null && from != to)
                    arrows.TryAdd((from, to), $"{type.Name} uses {dependency.Target.Name}");
            }
        }

        return arrows;
    }

    private static string? FolderOf(IType type, string project)
    {
        var full = type.Namespace?.FullName ?? "";
        if (type.Name.StartsWith('<') || (full != project && !full.StartsWith(project + ".", StringComparison.Ordinal)))
            return null;
        return full.Length == project.Length ? "." : full[(project.Length + 1)..];
    }

    private static List<string> Cycles(Dictionary<(string From, string To), string> arrows)
    {
        var reachable = new HashSet<(string From, string To)>(arrows.Keys);
        for (var grown = true; grown; )
        {
            var further = (
                from first in reachable
                from second in reachable
                where first.To == second.From && !reachable.Contains((first.From, second.To))
                select (first.From, second.To)
            ).ToArray();
            reachable.UnionWith(further);
            grown = further.Length > 0;
        }

        return
        [
            .. from arrow in arrows
            where reachable.Contains((arrow.Key.To, arrow.Key.From))
            orderby arrow.Key
            select $"{arrow.Key.From} → {arrow.Key.To} ({arrow.Value})",
        ];
    }
}
