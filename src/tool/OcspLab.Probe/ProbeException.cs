using System.Diagnostics.CodeAnalysis;

namespace OcspLab.Probe;

/// <summary>
/// There was no handshake: no connection, no TLS, or not in time. The message says which, on one line.
/// </summary>
[SuppressMessage("Design", "CA1032", Justification = "Always carries a message.")]
public sealed class ProbeException(string message, Exception? innerException = null)
    : Exception(message, innerException);
