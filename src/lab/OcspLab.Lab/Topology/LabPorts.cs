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

    /// <summary>Every port with its resource and the option that moves it.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<LabPort> All =>
        [
            new(LabTopology.Dns, Dns, "--dns-port"),
            new(LabTopology.Responder, Responder, "--responder-port"),
            new(LabTopology.Responder, ResponderAdmin, "--responder-admin-port"),
            new(LabTopology.Kestrel, Kestrel, "--kestrel-port"),
            new(LabTopology.KestrelBuiltIn, KestrelBuiltIn, "--kestrel-builtin-port"),
            new(LabTopology.Nginx, Nginx, "--nginx-port"),
        ];
}

/// <summary>A port, whose it is, and how to move it.</summary>
/// <param name="Resource">The resource that listens.</param>
/// <param name="Number">The port.</param>
/// <param name="Option">The command-line option that sets it.</param>
public sealed record LabPort(string Resource, int Number, string Option);
