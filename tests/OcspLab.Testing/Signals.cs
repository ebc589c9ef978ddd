using System.Diagnostics;

namespace OcspLab.Testing;

/// <summary>Signals to processes that a test has started.</summary>
public static class Signals
{
    /// <param name="name">For example <c>STOP</c>.</param>
    /// <param name="process">Its number, or that of its group with a minus.</param>
    /// <returns>Whether it was there.</returns>
    public static bool Send(string name, int process)
    {
        using var kill = Process.Start(
            new ProcessStartInfo("kill", [$"-{name}", "--", $"{process}"]) { RedirectStandardError = true }
        )!;
        kill.WaitForExit();
        return kill.ExitCode == 0;
    }
}
