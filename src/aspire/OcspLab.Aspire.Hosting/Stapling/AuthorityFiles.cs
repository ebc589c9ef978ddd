using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Aspire.Hosting.ApplicationModel;
using OcspLab.Aspire.Hosting.ApplicationModel;
using OcspLab.Lab.Commands;
using OcspLab.Pki;
using OcspLab.Responder.Sources;

namespace OcspLab.Aspire.Hosting.Stapling;

/// <summary>Makes an authority's files, and tells its responder's database of the certificates.</summary>
internal static class AuthorityFiles
{
    /// <summary>
    /// Makes whatever is missing, then is running; what cannot be made is told in the resource's log.
    /// </summary>
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The boundary: nobody else hears of it, and everybody would wait for ever."
    )]
    public static async Task MakeAsync(
        CertificateAuthorityResource authority,
        InitializeResourceEvent @event,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await @event
                .Eventing.PublishAsync(new BeforeResourceStartedEvent(authority, @event.Services), cancellationToken)
                .ConfigureAwait(false);
            var issued = await Task.Run(() => EnsureAsync(authority, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            foreach (var certificate in issued)
                @event.Logger.Certificate(
                    certificate.Name,
                    certificate.Freshness == Freshness.New ? "issued" : "kept",
                    certificate.SerialNumber,
                    certificate.NotAfter
                );
            @event.Logger.RootCertificate(authority.RootCertificate);
            await @event
                .Notifications.PublishUpdateAsync(authority, known =>
                    known with
                    {
                        State = new(KnownResourceStates.Running, KnownResourceStateStyles.Success),
                        StartTimeStamp = TimeProvider.System.GetUtcNow().UtcDateTime,
                        Properties = Properties(authority, issued),
                    }
                )
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            @event.Logger.NotMade(exception.Message);
            await @event
                .Notifications.PublishUpdateAsync(authority, known =>
                    known with
                    {
                        State = KnownResourceStates.FailedToStart,
                    }
                )
                .ConfigureAwait(false);
        }
    }

    /// <summary>Where a site finds its certificate and key.</summary>
    public static ExportFolder ExportOf(CertificateAuthorityResource authority, string certificate) =>
        new(Path.Combine(authority.Directory, "servers", certificate));

    private static async Task<IReadOnlyList<IssuedCertificate>> EnsureAsync(
        CertificateAuthorityResource authority,
        CancellationToken cancellationToken
    )
    {
        KeepOutOfVersionControl(authority.Directory);
        var pki = authority.Pki;
        var issued = pki.Ensure([.. authority.Orders]);
        foreach (var certificate in issued)
            if (authority.Sites.Any(site => site.Certificate == certificate.Name))
                ExportOf(authority, certificate.Name).Write(pki, certificate);
        using var registry = new SqliteCertificateRegistry(authority.Topology.Database, TimeProvider.System);
        await registry.RegisterAsync(issued, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        return issued;
    }

    // Keys lie in it, and the folder may lie in somebody's repository.
    private static void KeepOutOfVersionControl(string directory)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, ".gitignore");
        if (!File.Exists(path))
            File.WriteAllText(path, "*\n");
    }

    private static ImmutableArray<ResourcePropertySnapshot> Properties(
        CertificateAuthorityResource authority,
        IReadOnlyList<IssuedCertificate> issued
    ) =>
        [
            new("Folder", authority.Directory),
            new("Root certificate", authority.RootCertificate),
            .. issued.Select(certificate => new ResourcePropertySnapshot(
                certificate.Name,
                $"{certificate.SerialNumber}, until {certificate.NotAfter:u}"
            )),
        ];
}
