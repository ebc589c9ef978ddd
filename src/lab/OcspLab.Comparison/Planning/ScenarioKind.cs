namespace OcspLab.Comparison.Planning;

/// <summary>What a scenario is about.</summary>
public enum ScenarioKind
{
    /// <summary>All is well.</summary>
    Undisturbed,

    /// <summary>The truth changes.</summary>
    Revoked,

    /// <summary>The responder gives something that is no good answer, from a moment on.</summary>
    Fault,

    /// <summary>The server forgets what it had, at a bad moment.</summary>
    Restart,

    /// <summary>
    /// Clients refuse the certificate without a staple (RFC 7633), and there is none to be had at first.
    /// </summary>
    MustStaple,
}
