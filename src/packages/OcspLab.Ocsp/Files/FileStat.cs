using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OcspLab.Ocsp.Files;

/// <summary>What Linux says of a file that the framework does not: whose it is, and which one it is.</summary>
/// <param name="User">The owner.</param>
/// <param name="Group">The group.</param>
/// <param name="Device">Where it lies.</param>
/// <param name="Inode">Another one where the file was replaced.</param>
/// <param name="Size">In octets.</param>
/// <param name="Modified">When it was written last, in nanoseconds since 1970.</param>
internal sealed record FileStat(uint User, uint Group, ulong Device, ulong Inode, ulong Size, Int128 Modified)
{
    /// <summary>The file that a path leads to, through links; null where it cannot be told.</summary>
    public static FileStat? Of(string path)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        // struct statx (statx(2)) has one layout on every architecture.
        var buffer = new byte[256];
        try
        {
            return Statx(CurrentDirectory, path, 0, BasicStats, buffer) == 0
                ? new FileStat(
                    BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(UserOffset)),
                    BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(GroupOffset)),
                    BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(DeviceOffset)),
                    BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(InodeOffset)),
                    BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(SizeOffset)),
                    (Int128)BinaryPrimitives.ReadInt64LittleEndian(buffer.AsSpan(SecondsOffset)) * 1_000_000_000
                        + BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(NanosecondsOffset))
                )
                : null;
        }
        catch (EntryPointNotFoundException)
        {
            // A C library older than the call.
            return null;
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
    private const int UserOffset = 20;
    private const int GroupOffset = 24;
    private const int InodeOffset = 32;
    private const int SizeOffset = 40;
    private const int SecondsOffset = 112;
    private const int NanosecondsOffset = 120;
    private const int DeviceOffset = 136;
}
