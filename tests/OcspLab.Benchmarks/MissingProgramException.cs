namespace OcspLab.Benchmarks;

/// <summary>A program that a benchmark needs is not there, or cannot be used here.</summary>
internal sealed class MissingProgramException(string message, Exception? innerException = null)
    : Exception(message, innerException);
