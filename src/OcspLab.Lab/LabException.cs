using System.Diagnostics.CodeAnalysis;

namespace OcspLab.Lab;

/// <summary>Something that a person can mend: what failed, why, what to try, in one line.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Always carries a message and an exit code.")]
public sealed class LabException(string message, int exitCode = ExitCodes.Unreachable, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>What the command exits with.</summary>
    public int ExitCode { get; } = exitCode;
}
