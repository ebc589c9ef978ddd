using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Aspire.Hosting.ApplicationModel;
using OcspLab.Aspire.Hosting.ApplicationModel;
using OcspLab.Aspire.Hosting.Stapling;
using OcspLab.Lab;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Health;

namespace Aspire.Hosting;

/// <summary>
/// Gives certificates of an authority to the servers of an application, and its root to their clients.
/// </summary>
public static class StapledCertificateBuilderExtensions
{
    /// <summary>
    /// Serves HTTPS with a certificate of the authority for these hosts, which is issued where there is none yet, and
    /// tells the stapling library of the authority's name server. The site itself needs one line:
    /// <c>builder.WebHost.UseOcspStapling()</c>. It is healthy when a handshake brings this certificate with a verified
    /// staple.
    /// </summary>
    /// <param name="site">The site, an ASP.NET Core application with an endpoint for HTTPS.</param>
    /// <param name="authority">Who issues.</param>
    /// <param name="hostNames">
    /// The DNS names and IP addresses of the site; clients are expected to ask for the first.
    /// </param>
    public static IResourceBuilder<T> WithStapledCertificate<T>(
        this IResourceBuilder<T> site,
        IResourceBuilder<CertificateAuthorityResource> authority,
        params string[] hostNames
    )
        where T : IResourceWithEndpoints, IResourceWithEnvironment, IResourceWithArgs, IResourceWithWaitSupport
    {
        ArgumentNullException.ThrowIfNull(site);
        ArgumentNullException.ThrowIfNull(authority);
        CertificateAuthorityResource.CheckHosts(hostNames);
        var owner = authority.Resource;
        var served = new StapledSite(site.Resource, hostNames[0], owner.OrderFor(hostNames).Name);
        // What is deployed has a certificate, and addresses, of its own.
        if (site.ApplicationBuilder.ExecutionContext.IsRunMode)
            site.WithoutHttpsCertificate().WithKestrelEndpoints(owner, served.Certificate).WithoutExportRetry();
        return site.Stapled(authority, served);
    }

    /// <summary>
    /// Puts the root into the site's file of certificates as well, for software that looks for it there: .NET's own
    /// stapling does nothing without.
    /// </summary>
    /// <param name="site">A site with a stapled certificate.</param>
    public static IResourceBuilder<T> WithRootInChain<T>(this IResourceBuilder<T> site)
        where T : IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(site);
        return site.WithAnnotation<RootInChainAnnotation>(ResourceAnnotationMutationBehavior.Replace);
    }

    /// <summary>
    /// Adds a command that has the site refresh its staples. The site maps it: <c>app.MapOcspStaplingStatus()</c>.
    /// </summary>
    /// <param name="site">A site with a stapled certificate.</param>
    public static IResourceBuilder<T> WithRefreshStaplesCommand<T>(this IResourceBuilder<T> site)
        where T : IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(site);
        return site.WithCommand(
            "refresh-staples",
            "Refresh staples",
            context => RefreshAsync(site, context.CancellationToken),
            new CommandOptions { IconName = "ArrowSync", Description = "Asks the responder now." }
        );
    }

    /// <summary>
    /// Makes a resource trust the authority's root, beside what it trusts already: by Aspire's collections of
    /// certificate authorities.
    /// </summary>
    /// <param name="client">Who calls a site with a certificate of the authority.</param>
    /// <param name="authority">The authority.</param>
    public static IResourceBuilder<T> WithTrustIn<T>(
        this IResourceBuilder<T> client,
        IResourceBuilder<CertificateAuthorityResource> authority
    )
        where T : IResourceWithEnvironment, IResourceWithArgs, IResourceWithWaitSupport
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(authority);
        var owner = authority.Resource;
        var roots = new CertificateAuthorityCollection($"{client.Resource.Name}-{owner.Name}-roots");
        // Whoever waits for the authority waits for this too.
        authority.OnResourceReady(
            (_, _, _) =>
            {
                roots.Certificates.Clear();
                roots.Certificates.Add(X509CertificateLoader.LoadCertificateFromFile(owner.RootCertificate));
                return Task.CompletedTask;
            }
        );
        return client
            .WithCertificateAuthorityCollection(client.ApplicationBuilder.CreateResourceBuilder(roots))
            .WaitFor(authority);
    }

    /// <summary>What all servers of the authority have in common, whatever they are.</summary>
    internal static IResourceBuilder<T> Stapled<T>(
        this IResourceBuilder<T> site,
        IResourceBuilder<CertificateAuthorityResource> authority,
        StapledSite served
    )
        where T : IResourceWithEndpoints, IResourceWithWaitSupport
    {
        var owner = authority.Resource;
        owner.Add(served);
        return site.WithCheck(() =>
                new StapleHealthCheck(
                    served.HostName,
                    PortOf(served.Resource),
                    () => owner.Pki.Find(served.Certificate)?.SerialNumber,
                    TimeProvider.System
                )
            )
            .WithReferenceRelationship(authority)
            .WaitFor(authority);
    }

    /// <summary>The port on which a site serves HTTPS, where that is known before it starts.</summary>
    internal static int? FixedPortOf(IResourceWithEndpoints site) =>
        site
            .Annotations.OfType<EndpointAnnotation>()
            .FirstOrDefault(endpoint => endpoint.UriScheme == Uri.UriSchemeHttps)
            ?.Port;

    private static int PortOf(IResourceWithEndpoints site) => Https(site).Port;

    /// <summary>The endpoint on which a site serves HTTPS.</summary>
    /// <exception cref="DistributedApplicationException">It has none.</exception>
    internal static EndpointReference Https(IResourceWithEndpoints site) =>
        site.GetEndpoints().FirstOrDefault(endpoint => endpoint.Scheme == Uri.UriSchemeHttps)
        ?? throw new DistributedApplicationException(
            $"'{site.Name}' has a stapled certificate and no endpoint for HTTPS. Add one: WithHttpsEndpoint()."
        );

    private static async Task<ExecuteCommandResult> RefreshAsync<T>(
        IResourceBuilder<T> site,
        CancellationToken cancellationToken
    )
        where T : IResourceWithEndpoints
    {
        var found = site
            .ApplicationBuilder.Resources.OfType<CertificateAuthorityResource>()
            .SelectMany(authority => authority.Sites.Select(served => (authority, served)))
            .FirstOrDefault(pair => ReferenceEquals(pair.served.Resource, site.Resource));
        if (found.served is null)
            return CommandResults.Failure($"'{site.Resource.Name}' has no stapled certificate");
        try
        {
            return CommandResults.Success(
                await SiteClient
                    .RefreshAsync(
                        found.served.HostName,
                        PortOf(site.Resource),
                        found.authority.RootCertificate,
                        cancellationToken
                    )
                    .ConfigureAwait(false)
            );
        }
        catch (Exception exception) when (exception is LabException or CryptographicException)
        {
            return CommandResults.Failure(exception.Message);
        }
    }
}
