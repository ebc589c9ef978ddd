using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>A folder and ports for a lab that is to come up, or is not.</summary>
public abstract class UpBench : IDisposable
{
    private readonly TempFolder _folder = new();

    protected UpBench() => (Ports, Options) = Programs.FreePorts();

    internal TempFolder Folder => _folder;

    internal LabPorts Ports { get; }

    /// <summary>The ports, as options.</summary>
    internal string[] Options { get; }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _folder.Dispose();
    }

    /// <summary>Its command line, without what only one test wants.</summary>
    internal string[] Arguments() => ["up", "--lab", _folder.Path, .. Options];

    /// <summary>The same where it does not matter what the keys are.</summary>
    internal string[] QuickArguments() => [.. Arguments(), .. Programs.QuickKeys];

    /// <summary>The full path of <c>dotnet</c>, for programs that are started without a PATH.</summary>
    internal static string DotnetPath() =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet"
            ? path
            : File.ResolveLinkTarget(Tool.Find("dotnet")!, returnFinalTarget: true)?.FullName ?? Tool.Find("dotnet")!;
}
