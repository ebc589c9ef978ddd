namespace OcspLab.Pki;

/// <summary>Files that appear whole or not at all; what is secret has mode 0600 from its first byte.</summary>
public static class PrivateFile
{
    /// <summary>Writes a file that anyone may read, replacing it atomically.</summary>
    public static void WritePublic(string path, string content) => Write(path, content, ReadableByAll);

    /// <summary>
    /// Writes a file that only its owner may read (0600), in a folder that only its owner may enter (0700), replacing
    /// it atomically.
    /// </summary>
    public static void WriteSecret(string path, string content) => Write(path, content, OwnerOnly);

    private static void Write(string path, string content, UnixFileMode mode)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (OperatingSystem.IsWindows() || mode == ReadableByAll)
            Directory.CreateDirectory(directory);
        else
            Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);

        var temporary = Path.Combine(directory, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = mode;
            using (var writer = new StreamWriter(temporary, options))
                writer.Write(content);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode ReadableByAll = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
}
