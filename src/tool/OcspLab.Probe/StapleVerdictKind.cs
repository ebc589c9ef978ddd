namespace OcspLab.Probe;

/// <summary>What a staple is worth. JSON and the terminal spell the member in lower case.</summary>
public enum StapleVerdictKind
{
    /// <summary>There is none.</summary>
    Absent,

    /// <summary>It verifies, and the certificate is good.</summary>
    Good,

    /// <summary>It verifies, and the certificate is revoked.</summary>
    Revoked,

    /// <summary>It verifies, and the responder does not know the certificate.</summary>
    Unknown,

    /// <summary>It does not verify.</summary>
    Rejected,
}
