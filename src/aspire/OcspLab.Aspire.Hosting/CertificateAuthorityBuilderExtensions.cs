using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OcspLab.Aspire.Hosting.ApplicationModel;
using OcspLab.Aspire.Hosting.Stapling;
using OcspLab.Pki;

namespace Aspire.Hosting;

/// <summary>Adds a certificate authority to an application, and orders certificates of it.</summary>
public static class CertificateAuthorityBuilderExtensions
{
    /// <summary>
    /// Adds a certificate authority. What it makes is kept from one start to the next, so that its root is trusted
    /// once.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="directory">
    /// The folder of everything that it makes, relative to the AppHost's. Default: <c>.ocsplab/NAME</c>, which keeps
    /// itself out of version control.
    /// </param>
    public static IResourceBuilder<CertificateAuthorityResource> AddCertificateAuthority(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        string? directory = null
    )
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        var authority = new CertificateAuthorityResource(
            name,
            Path.GetFullPath(directory ?? Path.Combine(".ocsplab", name), builder.AppHostDirectory)
        );
        if (builder.ExecutionContext.IsRunMode)
        {
            Func<bool> hasTool = () => OcspLabTool.Find(builder).IsFound;
            builder.Services.AddKeyedSingleton(name, (services, _) =>
                ActivatorUtilities.CreateInstance<AuthorityRun>(services, authority, hasTool)
            );
            builder.Services.AddSingleton<IHostedService>(services =>
                services.GetRequiredKeyedService<AuthorityRun>(name)
            );
            // The orchestrator is a hosted service itself, and the first of them.
            builder.Eventing.Subscribe<BeforeStartEvent>(
                (started, cancellationToken) =>
                    started
                        .Services.GetRequiredKeyedService<AuthorityRun>(name)
                        .PrepareAsync(started.Model, cancellationToken)
            );
        }

        return builder
            .AddResource(authority)
            .WithIconName("Certificate")
            .WithInitialState(
                new CustomResourceSnapshot
                {
                    ResourceType = "CertificateAuthority",
                    State = KnownResourceStates.Starting,
                    Properties = [new("Folder", authority.Directory)],
                }
            )
            .OnInitializeResource(AuthorityFiles.MakeAsync)
            // For development; what is deployed has certificates of its own.
            .ExcludeFromManifest();
    }

    /// <summary>Issues RSA keys, which is what a new authority does by itself.</summary>
    public static IResourceBuilder<CertificateAuthorityResource> WithRsaKeys(
        this IResourceBuilder<CertificateAuthorityResource> authority
    )
    {
        ArgumentNullException.ThrowIfNull(authority);
        return authority.WithKeys(KeyAlgorithm.Rsa);
    }

    /// <summary>Issues ECDSA keys (P-256) instead of RSA keys.</summary>
    public static IResourceBuilder<CertificateAuthorityResource> WithEcdsaKeys(
        this IResourceBuilder<CertificateAuthorityResource> authority
    )
    {
        ArgumentNullException.ThrowIfNull(authority);
        return authority.WithKeys(KeyAlgorithm.Ecdsa);
    }

    /// <summary>
    /// Issues a certificate for a server, which <c>localhost</c> and <c>127.0.0.1</c> are names of as well.
    /// </summary>
    /// <param name="authority">The authority.</param>
    /// <param name="name">Its name, with which it is revoked.</param>
    /// <param name="hostNames">The DNS names and IP addresses of the server; the first is the common name.</param>
    public static IResourceBuilder<CertificateAuthorityResource> WithCertificate(
        this IResourceBuilder<CertificateAuthorityResource> authority,
        string name,
        params string[] hostNames
    ) => authority.With(name, CertificateKind.Site, hostNames);

    /// <summary>
    /// Issues a certificate for a server, with which clients are to insist on a staple (must-staple, RFC 7633).
    /// </summary>
    /// <param name="authority">The authority.</param>
    /// <param name="name">Its name, with which it is revoked.</param>
    /// <param name="hostNames">The DNS names and IP addresses of the server; the first is the common name.</param>
    public static IResourceBuilder<CertificateAuthorityResource> WithMustStapleCertificate(
        this IResourceBuilder<CertificateAuthorityResource> authority,
        string name,
        params string[] hostNames
    ) => authority.With(name, CertificateKind.MustStapleSite, hostNames);

    /// <summary>Issues a certificate for a client.</summary>
    /// <param name="authority">The authority.</param>
    /// <param name="name">Its name, with which it is revoked, and its common name.</param>
    public static IResourceBuilder<CertificateAuthorityResource> WithClientCertificate(
        this IResourceBuilder<CertificateAuthorityResource> authority,
        string name
    )
    {
        ArgumentNullException.ThrowIfNull(authority);
        authority.Resource.Order(new CertificateOrder(name) { Kind = CertificateKind.Person });
        return authority;
    }

    private static IResourceBuilder<CertificateAuthorityResource> WithKeys(
        this IResourceBuilder<CertificateAuthorityResource> authority,
        KeyAlgorithm algorithm
    )
    {
        authority.Resource.Topology = authority.Resource.Topology with { KeyAlgorithm = algorithm };
        return authority;
    }

    private static IResourceBuilder<CertificateAuthorityResource> With(
        this IResourceBuilder<CertificateAuthorityResource> authority,
        string name,
        CertificateKind kind,
        string[] hostNames
    )
    {
        ArgumentNullException.ThrowIfNull(authority);
        CertificateAuthorityResource.CheckHosts(hostNames);
        authority.Resource.Order(
            new CertificateOrder(name) { Kind = kind, HostNames = CertificateAuthorityResource.WithLoopback(hostNames) }
        );
        return authority;
    }
}
