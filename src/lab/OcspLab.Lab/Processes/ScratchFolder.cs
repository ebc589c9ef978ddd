namespace OcspLab.Lab.Processes;

/// <summary>Folders that programs of others have written to.</summary>
internal static class ScratchFolder
{
    /// <summary>
    /// Makes one, in which programs that give up root still reach what is theirs; nobody else may list it.
    /// </summary>
    public static string Create(string prefix)
    {
        var folder = Directory.CreateTempSubdirectory(prefix).FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(
                folder,
                UnixFileMode.UserRead
                    | UnixFileMode.UserWrite
                    | UnixFileMode.UserExecute
                    | UnixFileMode.GroupExecute
                    | UnixFileMode.OtherExecute
            );
        return folder;
    }

    /// <summary>Deletes one; again when a last child of such a program is still writing.</summary>
    /// <exception cref="IOException">It is still there after two seconds.</exception>
    public static async ValueTask DeleteAsync(string path, TimeProvider clock)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.Delete(path, recursive: true);
                return;
            }
            catch (IOException) when (attempt < Attempts)
            {
                await Task.Delay(RetryDelay, clock, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private const int Attempts = 10;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);
}
