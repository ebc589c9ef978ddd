using System.Diagnostics.CodeAnalysis;

namespace OcspLab.Lab;

/// <summary>Something that a person can mend: what failed, why, what to try, on one line.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Always carries a message and a kind.")]
public sealed class LabException(
    string message,
    LabFailure failure = LabFailure.Unavailable,
    Exception? innerException = null
) : Exception(message, innerException)
{
    /// <summary>What kind of thing is to be mended.</summary>
    public LabFailure Failure { get; } = failure;
}

/// <summary>What kind of thing is to be mended.</summary>
public enum LabFailure
{
    /// <summary>A server, port or program cannot be had.</summary>
    Unavailable,

    /// <summary>What was asked for makes no sense, or is not there.</summary>
    Usage,

    /// <summary>A file or folder cannot be made.</summary>
    CannotCreate,

    /// <summary>A certificate, key or configuration is broken.</summary>
    Configuration,
}
