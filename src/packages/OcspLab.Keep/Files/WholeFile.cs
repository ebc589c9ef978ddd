using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using OcspLab.Ocsp.Files;

namespace OcspLab.Keep.Files;

/// <summary>
/// Files that are there whole or not at all, whatever happens, and keep the owner and mode that somebody gave them.
/// </summary>
internal static class WholeFile
{
    /// <summary>Writes a file in the place of the one that is there; on disk when it returns.</summary>
    /// <exception cref="IOException">It could not be written; the one that was there still is.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            // The file that a link leads to is replaced, and not the link.
            path = Resolve(path);
            var directory = Path.GetDirectoryName(path)!;
            Directory.CreateDirectory(directory);
            var unfinished = Path.Combine(directory, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}");
            try
            {
                using (var file = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.None))
                {
                    file.Write(content);
                    KeepOwner(path, file.SafeFileHandle);
                    file.Flush(flushToDisk: true);
                }

                File.Move(unfinished, path, overwrite: true);
            }
            catch
            {
                File.Delete(unfinished);
                throw;
            }

            Flush(directory);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    /// <summary>Removes a file, if there is one; gone from the disk when it returns.</summary>
    /// <exception cref="IOException">It could not be removed.</exception>
    public static void Delete(string path)
    {
        try
        {
            path = Resolve(path);
            if (!File.Exists(path))
                return;
            File.Delete(path);
            Flush(Path.GetDirectoryName(path)!);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    /// <summary>What is there, or null.</summary>
    public static byte[]? Read(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: <= MaximumSize } ? File.ReadAllBytes(path) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Removes what was left half written beside files by a process that was killed.</summary>
    public static void RemoveUnfinished(IEnumerable<string> paths)
    {
        foreach (var folder in paths.Select(Resolve).GroupBy(path => Path.GetDirectoryName(path)!))
        {
            var names = folder.Select(path => $".{Path.GetFileName(path)}").ToHashSet();
            try
            {
                foreach (var file in Directory.EnumerateFiles(folder.Key, ".*"))
                {
                    if (
                        Guid.TryParseExact(Path.GetExtension(file).TrimStart('.'), "N", out _)
                        && names.Contains(Path.GetFileNameWithoutExtension(file))
                    )
                        File.Delete(file);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // There is no such folder, or it is another's.
            }
        }
    }

    private static string Resolve(string path) =>
        Path.GetFullPath(
            new FileInfo(path) is { LinkTarget: not null } link
                ? link.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path
                : path
        );

    // By the open file: somebody who may write to the folder may have put another in its place.
    private static void KeepOwner(string path, SafeFileHandle unfinished)
    {
        if (OperatingSystem.IsWindows())
            return;
        // Readable by all where there was none: it is public, and servers have users of their own.
        File.SetUnixFileMode(
            unfinished,
            File.Exists(path)
                ? File.GetUnixFileMode(path)
                : UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead
        );
        if (FileStat.Of(path) is { } owner)
            _ = ChangeOwner(unfinished, owner.User, owner.Group);
    }

    // A rename is on disk when its directory is.
    private static void Flush(string directory)
    {
        if (!OperatingSystem.IsLinux())
            return;
        var descriptor = Open(directory, ReadOnly | CloseOnExec);
        if (descriptor < 0)
            return;
        _ = Sync(descriptor);
        _ = Close(descriptor);
    }

    [DllImport("libc", EntryPoint = "open", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);

    [DllImport("libc", EntryPoint = "fchown", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ChangeOwner(SafeFileHandle file, uint user, uint group);

    // O_RDONLY and O_CLOEXEC of Linux, the same on every architecture that .NET runs on.
    private const int ReadOnly = 0;
    private const int CloseOnExec = 0x80000;
    private const int MaximumSize = 1024 * 1024;
}
