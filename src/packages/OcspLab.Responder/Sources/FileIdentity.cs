using System.Buffers.Binary;
using System.Runtime.InteropServices;

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
        // The framework does not say, and struct statx (statx(2)) has one layout on every architecture.
        var buffer = new byte[256];
        try
        {
            return OperatingSystem.IsLinux() && Statx(CurrentDirectory, path, 0, BasicStats, buffer) == 0
                ? new FileIdentity(
                    true,
                    BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(DeviceOffset)),
                    BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(InodeOffset))
                )
                : new FileIdentity(true, 0, 0);
        }
        catch (EntryPointNotFoundException)
        {
            // A C library older than the call.
            return new FileIdentity(true, 0, 0);
        }
    }

    [DllImport("libc", EntryPoint = "statx", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(
        int directory,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string path,
        int flags,
        uint mask,
        [Out] byte[] buffer
    );

    private const int CurrentDirectory = -100;
    private const uint BasicStats = 0x7ff;
    private const int InodeOffset = 32;
    private const int DeviceOffset = 136;
}
