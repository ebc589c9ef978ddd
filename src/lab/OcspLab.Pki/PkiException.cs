using System.Diagnostics.CodeAnalysis;

namespace OcspLab.Pki;

/// <summary>The lab's PKI cannot be made, read or written; the message says which file and what to try.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Always carries a message, and the cause where there is one.")]
public sealed class PkiException(string message, Exception? innerException = null) : Exception(message, innerException);
