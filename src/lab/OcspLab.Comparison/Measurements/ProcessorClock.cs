using System.Runtime.InteropServices;

namespace OcspLab.Comparison.Measurements;

/// <summary>
/// The kernel's own clock of a process: nanoseconds that all of its threads have run, ended ones included
/// (clock_getcpuclockid(3)). Ticks, as in <c>/proc/PID/stat</c>, charge a process that wakes for a moment for a whole
/// one.
/// </summary>
internal static partial class ProcessorClock
{
    /// <summary>The processor time of a process, or null where it is no more.</summary>
    public static TimeSpan? Read(int process)
    {
        if (clock_getcpuclockid(process, out var clock) != 0 || clock_gettime(clock, out var time) != 0)
            return null;
        return new TimeSpan(
            (time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick)
        );
    }

    [DllImport("libc", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int clock_getcpuclockid(int process, out int clock);

    [DllImport("libc", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int clock_gettime(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Timespec
    {
        public readonly nint Seconds;
        public readonly nint Nanoseconds;
    }
}
