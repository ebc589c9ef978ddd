namespace OcspLab.Ocsp.Signatures;

/// <summary>Whether signatures over SHA-1 are believed.</summary>
public enum Sha1Signatures
{
    /// <summary>They are rejected.</summary>
    Reject,

    /// <summary>
    /// They are believed. For old private responders only: chosen-prefix collisions on SHA-1 are practical.
    /// </summary>
    DangerousAllow,
}
