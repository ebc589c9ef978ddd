using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using OcspLab.Aspire.Hosting.ApplicationModel;
using OcspLab.Lab.Topology;

namespace OcspLab.Aspire.Hosting.Stapling;

/// <summary>Hands an ASP.NET Core site its certificate, and the stapling library what it needs to know.</summary>
internal static class KestrelEnvironment
{
    /// <summary>
    /// Describes every endpoint as Kestrel's configuration does. A default certificate would be shorter, but of its
    /// file
    /// Kestrel takes the first certificate alone, and no client would be given the intermediate.
    /// </summary>
    public static IResourceBuilder<T> WithKestrelEndpoints<T>(
        this IResourceBuilder<T> site,
        CertificateAuthorityResource authority,
        string certificate
    )
        where T : IResourceWithEndpoints, IResourceWithEnvironment
    {
        if (site is IResourceBuilder<ProjectResource> project)
            project.WithEndpointsInEnvironment(_ => false);
        return site.WithEnvironment(context =>
            {
                foreach (var endpoint in site.Resource.GetEndpoints().Where(IsHttp))
                    context.EnvironmentVariables[$"Kestrel__Endpoints__{endpoint.EndpointName}__Url"] =
                        ReferenceExpression.Create(
                            $"{endpoint.Scheme}://localhost:{endpoint.Property(EndpointProperty.TargetPort)}"
                        );
            })
            .WithSettings(authority.Directory, () => Settings(site.Resource, authority, certificate));
    }

    private static Dictionary<string, string> Settings(
        IResourceWithEndpoints site,
        CertificateAuthorityResource authority,
        string certificate
    )
    {
        var files = AuthorityFiles.ExportOf(authority, certificate);
        var isRootWanted = site.Annotations.OfType<RootInChainAnnotation>().Any();
        var settings = new Dictionary<string, string>
        {
            ["OcspStapling:StorageDirectory"] = authority.Topology.StapleDirectory,
            // Who develops wants to see what happens; outside it is minutes.
            ["OcspStapling:MinimumRefreshInterval"] = LabTopology.MinimumRefreshInterval.ToString("c"),
            ["OcspStapling:RetryDelay"] = "00:00:01",
            ["OcspStapling:MaximumRetryDelay"] = "00:00:05",
        };
        foreach (var endpoint in site.GetEndpoints().Where(endpoint => endpoint.Scheme == Uri.UriSchemeHttps))
        {
            var section = $"Kestrel:Endpoints:{endpoint.EndpointName}:Certificate";
            settings[$"{section}:Path"] = isRootWanted ? files.FullChainWithRoot : files.FullChain;
            settings[$"{section}:KeyPath"] = files.Key;
        }

        if (authority.NameServer is not null)
            settings["OcspStapling:Fetch:Resolvers:0"] = $"127.0.0.1:{authority.Topology.Ports.Dns}";
        return settings;
    }

    private static bool IsHttp(EndpointReference endpoint) => endpoint.Scheme is "http" or "https";
}

/// <summary>Marks a site whose file of certificates has the root in it.</summary>
internal sealed class RootInChainAnnotation : IResourceAnnotation;
