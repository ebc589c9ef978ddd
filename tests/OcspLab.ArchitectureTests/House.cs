using System.Text.RegularExpressions;
using System.Xml.Linq;
using OcspLab.Testing;

namespace OcspLab.ArchitectureTests;

/// <summary>The projects of the product, as they lie in the repository.</summary>
internal static partial class House
{
    public static IReadOnlyList<HouseProject> Projects { get; } =
    [
        .. Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Select(file => new HouseProject(file)),
    ];

    public static HouseProject Find(string name) => Projects.Single(project => project.Name == name);

    /// <summary>Every file of the repository with such a name, relative to it; nothing that a build made.</summary>
    public static IEnumerable<string> Files(string pattern) =>
        Directory
            .EnumerateFiles(Repository.Root, pattern, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj" || part.StartsWith('.')));

    /// <summary>The namespace that a file declares, or null where it declares none.</summary>
    public static string? NamespaceIn(string file) =>
        Declaration().Match(File.ReadAllText(file)) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex(@"(?m)^namespace ([\w.]+);")]
    private static partial Regex Declaration();
}

/// <summary>A project of the product.</summary>
internal sealed class HouseProject(string file)
{
    private readonly XDocument _document = XDocument.Load(file);

    public string Name => Path.GetFileNameWithoutExtension(file);

    public string Folder => Path.GetDirectoryName(file)!;

    public string AssemblyName => _document.Descendants("AssemblyName").FirstOrDefault()?.Value ?? Name;

    public IReadOnlyList<string> References =>
        [
            .. _document
                .Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value)),
        ];
}
