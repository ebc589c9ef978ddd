using OcspLab.Ocsp.Files;

namespace OcspLab.Responder.Sources;

/// <summary>
/// Which file a path leads to: device and inode on Linux. Elsewhere only whether there is one; Windows does not let an
/// open file be replaced.
/// </summary>
internal readonly record struct FileIdentity(bool Exists, ulong Device, ulong Inode)
{
    public static FileIdentity Of(string path)
    {
        if (!File.Exists(path))
            return default;
        return FileStat.Of(path) is { } stat
            ? new FileIdentity(true, stat.Device, stat.Inode)
            : new FileIdentity(true, 0, 0);
    }
}
