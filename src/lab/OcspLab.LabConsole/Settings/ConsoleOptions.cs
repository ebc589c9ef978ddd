namespace OcspLab.LabConsole.Settings;

/// <summary>The console's settings.</summary>
public sealed class ConsoleOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Console";

    /// <summary>The lab's folder.</summary>
    /// <value>Default: <c>.lab</c>.</value>
    public string Lab { get; set; } = ".lab";

    /// <summary>The port on 127.0.0.1.</summary>
    /// <value>Default: 8880.</value>
    public int Port { get; set; } = 8880;

    /// <summary>What the address that is printed lets in with, or null to make one up.</summary>
    public string? Token { get; set; }

    /// <summary>How long after one handshake with a server the next one begins.</summary>
    /// <value>Default: 1 second.</value>
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(1);
}
