namespace OcspLab.Lab.Topology;

/// <summary>The lab's ports on 127.0.0.1.</summary>
public sealed record LabPorts
{
    /// <summary>The name server, UDP and TCP.</summary>
    public int Dns { get; init; } = 5533;

    /// <summary>The OCSP responder.</summary>
    public int Responder { get; init; } = 8888;

    /// <summary>The responder's admin API.</summary>
    public int ResponderAdmin { get; init; } = 8889;

    /// <summary>nginx.</summary>
    public int Nginx { get; init; } = 8443;

    /// <summary>Kestrel with this project's stapling.</summary>
    public int Kestrel { get; init; } = 9443;

    /// <summary>Kestrel with .NET's built-in stapling.</summary>
    public int KestrelBuiltIn { get; init; } = 9444;

    /// <summary>nginx with the staples that <c>keep</c> brings.</summary>
    public int NginxKept { get; init; } = 8444;

    /// <summary><c>keep</c>'s own responder, health and metrics.</summary>
    public int Keep { get; init; } = 8890;

    /// <summary>The first of a fleet's: HAProxy; the others follow it.</summary>
    public int Fleet { get; init; } = 9500;

    /// <summary>The page on which one watches the lab.</summary>
    public int Console { get; init; } = 8880;

    /// <summary>Every port of a lab as it is by default with its resource and the option that moves it.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<LabPort> All =>
        [
            new(LabTopology.Dns, Dns, "--dns-port"),
            new(LabTopology.Responder, Responder, "--responder-port"),
            new(LabTopology.Responder, ResponderAdmin, "--responder-admin-port"),
            new(LabTopology.Kestrel, Kestrel, "--kestrel-port"),
            new(LabTopology.KestrelBuiltIn, KestrelBuiltIn, "--kestrel-builtin-port"),
            new(LabTopology.Nginx, Nginx, "--nginx-port"),
            new(LabTopology.Console, Console, "--console-port"),
        ];

    /// <summary>Those of <c>keep</c> and of the nginx that it brings staples to.</summary>
    internal IReadOnlyList<LabPort> OfKeep =>
        [new(LabTopology.Keep, Keep, "--keep-port"), new(LabTopology.NginxKept, NginxKept, "--nginx-kept-port")];
}

/// <summary>A port, whose it is, and how to move it.</summary>
/// <param name="Resource">The resource that listens.</param>
/// <param name="Number">The port.</param>
/// <param name="Option">The command-line option that sets it.</param>
public sealed record LabPort(string Resource, int Number, string Option);
