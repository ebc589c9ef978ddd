using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Revocation;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Authorities;

/// <summary>The authorities of the options, loaded. Owns their signers and the sources that it made.</summary>
internal sealed class AuthorityDirectory : IAsyncDisposable
{
    private readonly List<IStatusSource> _owned = [];

    /// <exception cref="InvalidOperationException">
    /// A certificate or key cannot be used; the message names the file.
    /// </exception>
    /// <exception cref="IOException">A source cannot be used.</exception>
    public AuthorityDirectory(IOptions<ResponderOptions> options, IServiceProvider services, TimeProvider clock)
    {
        var authorities = new List<Authority>();
        foreach (var (name, its) in options.Value.Authorities)
        {
            var issuer = SignerFiles.LoadCertificate(its.IssuerCertificate);
            var signers = its.Signers.Select(files => new Signer(files, issuer, clock.GetUtcNow())).ToList();
            authorities.Add(
                new Authority(
                    name,
                    issuer,
                    signers,
                    FindSource(name, its, issuer, services, clock),
                    AnswerPolicy.Of(options.Value, its),
                    its.SerialPrefixes
                )
            );
        }

        All = authorities;
    }

    public IReadOnlyList<Authority> All { get; }

    /// <summary>The authority that issued all of these certificates, or null.</summary>
    public Authority? Find(IReadOnlyList<CertId> ids)
    {
        foreach (var authority in All)
        {
            if (ids.All(authority.Issued))
                return authority;
        }

        return null;
    }

    /// <summary>The one registry that can be changed, or that of the named authority.</summary>
    /// <param name="name">The authority, or null where there is one only.</param>
    /// <param name="fault">Why there is none.</param>
    public ICertificateRegistry? FindRegistry(string? name, out string fault)
    {
        var writable = All.Where(authority => authority.Source is ICertificateRegistry).ToList();
        var found = name is null
            ? writable
            : [.. writable.Where(authority => string.Equals(authority.Name, name, StringComparison.OrdinalIgnoreCase))];
        var names = string.Join(", ", writable.Select(authority => authority.Name));
        if (writable.Count == 0)
            fault = "The statuses come from a source that cannot be changed here.";
        else if (found.Count > 1)
            fault = $"Name the authority: one of {names}.";
        else
            fault = $"'{name}' is not an authority whose statuses can be changed here; one of {names}.";
        return found.Count == 1 ? (ICertificateRegistry)found[0].Source : null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var signer in All.SelectMany(authority => authority.Signers))
            signer.Dispose();
        foreach (var source in _owned)
        {
            if (source is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync().ConfigureAwait(false);
            else
                (source as IDisposable)?.Dispose();
        }
    }

    private IStatusSource FindSource(
        string name,
        AuthorityOptions its,
        X509Certificate2 issuer,
        IServiceProvider services,
        TimeProvider clock
    )
    {
        if (services.GetKeyedService<IStatusSource>(name) is { } own)
            return own;
        IStatusSource source = its switch
        {
            { Index: { } index } => new IndexFileSource(index, clock),
            { Cfssl: { } cfssl } => new CfsslSource(cfssl, issuer, clock),
            { CfsslPostgreSql: { } cfssl } => new CfsslPostgresSource(cfssl, issuer, clock),
            { Crls.Count: > 0 } => new CrlSet(
                [.. its.Crls.Select(part => Load(part, CrlScope.DistributionPoint))],
                null,
                its.Unlisted
            ),
            { Crl: { } crl, DeltaCrl: { } delta } => new CrlSet(
                [Load(crl, its.CrlScope)],
                Load(delta, CrlScope.Delta),
                its.Unlisted
            ),
            { Crl: { } crl } => Load(crl, its.CrlScope),
            { PostgreSql: { } connection } => new PostgresCertificateRegistry(
                connection,
                Authority.Identify(issuer),
                clock
            ),
            { Database: { } database } => new SqliteCertificateRegistry(database, clock),
            _ => throw new InvalidOperationException($"The authority '{name}' has no source."),
        };
        _owned.Add(source);
        return source;

        CrlSource Load(string location, CrlScope scope) =>
            new(
                location,
                issuer,
                scope,
                its.Unlisted,
                its.CrlRefreshInterval,
                () => services.GetRequiredService<IHttpClientFactory>().CreateClient(CrlClient),
                clock
            );
    }

    internal const string CrlClient = "OcspLab.Responder.Crl";
}
