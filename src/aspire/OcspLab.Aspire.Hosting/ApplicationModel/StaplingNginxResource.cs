using Aspire.Hosting.ApplicationModel;

namespace OcspLab.Aspire.Hosting.ApplicationModel;

/// <summary>An nginx that staples, in a container or as a process.</summary>
public interface IStaplingNginxResource
    : IResourceWithEndpoints,
        IResourceWithEnvironment,
        IResourceWithArgs,
        IResourceWithWaitSupport
{
    /// <summary>The endpoint that it serves HTTPS on.</summary>
    EndpointReference HttpsEndpoint => new(this, HttpsEndpointName);

    /// <summary>The name of that endpoint.</summary>
    const string HttpsEndpointName = "https";
}

/// <summary>nginx in a container.</summary>
/// <param name="name">The resource's name.</param>
public sealed class StaplingNginxContainerResource(string name) : ContainerResource(name), IStaplingNginxResource;

/// <summary>nginx as a process of this machine.</summary>
/// <param name="name">The resource's name.</param>
/// <param name="command">The program that is run.</param>
/// <param name="workingDirectory">Where it is run.</param>
public sealed class StaplingNginxProcessResource(string name, string command, string workingDirectory)
    : ExecutableResource(name, command, workingDirectory),
        IStaplingNginxResource;
