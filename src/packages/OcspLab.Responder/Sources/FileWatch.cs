namespace OcspLab.Responder.Sources;

/// <summary>
/// Notices that a file was written or replaced, by looking: what is mounted, or renamed over, is not told to watchers.
/// Not thread-safe.
/// </summary>
internal sealed class FileWatch(string path)
{
    private FileState? _state = Look(path);

    /// <summary>Whether it is another one, or has gone or come, since the last call.</summary>
    public bool HasChanged()
    {
        var now = Look(path);
        var changed = now != _state;
        _state = now;
        return changed;
    }

    private static FileState? Look(string path)
    {
        try
        {
            // Through links: certificates and keys are often links to the newest ones.
            FileSystemInfo file = new FileInfo(path);
            file = file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
            return file is FileInfo { Exists: true } found ? new FileState(found.LastWriteTimeUtc, found.Length) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Not there at this moment.
            return null;
        }
    }

    private sealed record FileState(DateTime Written, long Length);
}
