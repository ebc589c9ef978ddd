using Aspire.Hosting.ApplicationModel;

namespace OcspLab.Aspire.Hosting.ApplicationModel;

/// <summary>
/// A name server for the names of an authority's certificates and of its responder: all of them are this machine. It
/// runs <c>ocsplab dns</c>, over UDP and TCP.
/// </summary>
public sealed class NameServerResource : ExecutableResource
{
    /// <summary>The port of both.</summary>
    public const string DnsEndpointName = "dns";

    internal NameServerResource(string name, string command, string workingDirectory)
        : base(name, command, workingDirectory) { }
}
