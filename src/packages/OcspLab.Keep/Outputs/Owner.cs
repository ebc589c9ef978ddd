using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OcspLab.Keep.Outputs;

/// <summary>Whose a file is, on Linux: the framework does not say.</summary>
internal readonly record struct Owner(uint User, uint Group)
{
    /// <summary>The owner of a file, or null where it cannot be told.</summary>
    public static Owner? Of(string path)
    {
        // struct statx (statx(2)) has one layout on every architecture.
        var buffer = new byte[256];
        try
        {
            return Statx(CurrentDirectory, path, 0, BasicStats, buffer) == 0
                ? new Owner(
                    BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(UserOffset)),
                    BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(GroupOffset))
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
}
