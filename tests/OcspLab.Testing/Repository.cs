namespace OcspLab.Testing;

/// <summary>The working tree that the tests were built in.</summary>
public static class Repository
{
    /// <summary>
    /// Its folder. It is looked for upwards from the built tests, because the paths that compilers write down are other
    /// ones in a deterministic build.
    /// </summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OcspLab.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("No OcspLab.sln above the built tests.");
    }
}
