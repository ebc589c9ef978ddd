using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace OcspLab.Pki;

/// <summary>
/// The lab's certificate authority, laid out on disk as in the article: root, intermediate, OCSP signer, and the end
/// certificates under <c>user_certs</c>. Making it again changes nothing that is still good; what has expired, or was
/// issued by an authority that is gone, is made anew.
/// </summary>
public sealed partial class LabPki(string directory, PkiOptions options, TimeProvider clock)
{
    /// <summary>The lab's own end certificates: two of the site and one of a person.</summary>
    public static IReadOnlyCollection<string> WellKnownNames => WellKnown.Keys;

    /// <summary>The folder of it all.</summary>
    public string Directory { get; } = Path.GetFullPath(directory);

    /// <summary>The root authority.</summary>
    public CertificateFiles Root => Locate("root_ca", "ca", "CA", KindOfAuthorities);

    /// <summary>The intermediate authority, which issues everything else.</summary>
    public CertificateFiles Intermediate => Locate("intermediate_ca", "ca", "CA", KindOfAuthorities);

    /// <summary>The delegated OCSP signer (RFC 6960 §4.2.2.2).</summary>
    public CertificateFiles OcspSigner => Locate("ocsp", "ocsp", null, KindOfAuthorities);

    /// <summary>
    /// A certificate of the same authority that must not sign OCSP: what a responder with a fault signs with.
    /// </summary>
    public CertificateFiles SignerWithoutOcspSigning =>
        Locate(Path.Combine("ocsp", "without-ocsp-signing"), "ocsp", null, KindOfAuthorities);

    /// <summary>An OCSP signer that has expired: for faults too.</summary>
    public CertificateFiles ExpiredSigner => Locate(Path.Combine("ocsp", "expired"), "ocsp", null, KindOfAuthorities);

    /// <summary>Intermediate and root in one PEM file: nginx's <c>ssl_trusted_certificate</c>.</summary>
    public string CaChain => Path.Combine(Directory, "ca-chain.pem");

    /// <summary>Makes whatever is missing or no longer good.</summary>
    /// <returns>The lab's own end certificates, and those that were issued besides.</returns>
    /// <exception cref="PkiException">A file is broken or cannot be written.</exception>
    public IReadOnlyList<IssuedCertificate> Ensure()
    {
        CheckKeys();
        return Locked(EnsureAll);
    }

    /// <summary>
    /// Makes whatever is missing or no longer good of the authorities, the signers and these end certificates; one that
    /// is not as it is ordered here is issued anew.
    /// </summary>
    /// <returns>What was ordered, in that order.</returns>
    /// <exception cref="PkiException">
    /// An order cannot be carried out, or a file is broken or cannot be written.
    /// </exception>
    public IReadOnlyList<IssuedCertificate> Ensure(IReadOnlyCollection<CertificateOrder> orders)
    {
        ArgumentNullException.ThrowIfNull(orders);
        foreach (var order in orders)
            CheckName(order.Name);
        return Locked(() =>
        {
            using var intermediate = EnsureIssuing();
            return (IReadOnlyList<IssuedCertificate>)[.. orders.Select(order => EnsureOrder(intermediate, order))];
        });
    }

    /// <summary>
    /// Makes all of it anew, the authorities with it: whoever trusts the root that was must be given the new one.
    /// </summary>
    /// <returns>What was issued: the same names, for what they were.</returns>
    /// <exception cref="PkiException">A file is broken or cannot be written.</exception>
    public IReadOnlyList<IssuedCertificate> Replace() =>
        Locked(() =>
        {
            // Everything else is made anew because its issuer is gone.
            CertificateAuthority.CreateRoot(RenewedAuthority(Root), clock);
            return EnsureAll();
        });

    /// <summary>Issues a certificate, or issues it anew.</summary>
    /// <exception cref="PkiException">
    /// The order cannot be carried out, or a file is broken or cannot be written.
    /// </exception>
    public IssuedCertificate Issue(CertificateOrder order) => Issue([order])[0];

    /// <summary>
    /// Issues all of these, or issues them anew. Opening the authorities' keys is what takes long, and is done once.
    /// </summary>
    /// <exception cref="PkiException">
    /// An order cannot be carried out, or a file is broken or cannot be written.
    /// </exception>
    public IReadOnlyList<IssuedCertificate> Issue(IReadOnlyCollection<CertificateOrder> orders)
    {
        ArgumentNullException.ThrowIfNull(orders);
        foreach (var order in orders)
            CheckName(order.Name);
        return Locked(() =>
        {
            using var intermediate = EnsureAuthorities();
            return (IReadOnlyList<IssuedCertificate>)
                [.. orders.Select(Complete).ToArray().Select(order => IssueEnd(intermediate, order))];
        });
    }

    /// <summary>Every end certificate that is there, by name.</summary>
    public IReadOnlyList<IssuedCertificate> List() => [.. Names().Select(Find).OfType<IssuedCertificate>()];

    /// <summary>Whether a text can name a certificate: lower-case letters, digits and hyphens, at most 40.</summary>
    public static bool IsName(string text) => ValidName().IsMatch(text);

    /// <summary>Where an end certificate lives, or will.</summary>
    /// <exception cref="PkiException">The name is not one.</exception>
    public CertificateFiles FilesOf(string name)
    {
        CheckName(name);
        return Locate(Path.Combine("user_certs", name), name.Replace('-', '_'), null, KindOfEnds);
    }

    /// <summary>An end certificate by name, or null when there is none.</summary>
    /// <exception cref="PkiException">The name is not one, or the certificate is broken.</exception>
    public IssuedCertificate? Find(string name)
    {
        var files = FilesOf(name);
        using var certificate = StoredCertificate.Find(files);
        return certificate is null ? null : Describe(name, certificate, files, Freshness.Kept);
    }

    private IReadOnlyList<IssuedCertificate> EnsureAll()
    {
        using var intermediate = EnsureIssuing();
        return [.. WellKnownNames.Union(Names()).Select(name => EnsureEnd(intermediate, name))];
    }

    private CertificateAuthority EnsureIssuing()
    {
        var intermediate = EnsureAuthorities();
        EnsureSigner(intermediate);
        EnsureFaultySigners(intermediate);
        return intermediate;
    }

    private IssuedCertificate EnsureOrder(CertificateAuthority intermediate, CertificateOrder order)
    {
        var files = FilesOf(order.Name);
        using var certificate = StoredCertificate.Find(files);
        var complete = Complete(order);
        if (
            certificate is null
            || !IsGood(files, intermediate)
            || !NamesResponder(certificate)
            || files.Algorithm != (options.KeyAlgorithm ?? files.Algorithm)
            || CertificateProfile.KindOf(certificate) != complete.Kind
            || (
                complete.Kind != CertificateKind.Person
                && !CertificateProfile.HostNamesOf(certificate).Order().SequenceEqual(complete.HostNames.Order())
            )
        )
            return IssueEnd(intermediate, complete);
        WriteChains(files, certificate, intermediate);
        return Describe(order.Name, certificate, files, Freshness.Kept);
    }

    /// <summary>Makes sure that the certificates that are there have the kind of key that is asked for.</summary>
    /// <exception cref="PkiException">They have another, and to ask is no leave to replace them.</exception>
    public void CheckKeys()
    {
        if (
            options.AuthorityKeyAlgorithm is { } authority
            && File.Exists(Root.Certificate)
            && Root.Algorithm != authority
        )
            throw new PkiException(KeepsOthers("authorities", Root.Algorithm, "--authority-key", authority));
        if (
            options.KeyAlgorithm is { } wanted
            && WellKnownNames.Select(FilesOf).FirstOrDefault(files => File.Exists(files.Certificate)) is { } files
            && files.Algorithm != wanted
        )
            throw new PkiException(KeepsOthers("certificates", files.Algorithm, "--key", wanted));
    }

    private string KeepsOthers(string what, KeyAlgorithm kind, string option, KeyAlgorithm wanted) =>
        $"The {what} in {Directory} have {kind.ToName().ToUpperInvariant()} keys, and what is there is not replaced. "
        + $"'ocsplab pki init {option} {wanted.ToName()} --force' makes all of it anew, the root included; another "
        + "folder (--lab) leaves it alone.";

    private CertificateAuthority EnsureAuthorities()
    {
        if (!IsGood(Root, null))
            CertificateAuthority.CreateRoot(RenewedAuthority(Root), clock);
        using var root = new CertificateAuthority(Root, clock);
        if (!IsGood(Intermediate, root))
            root.Issue(CertificateProfile.Intermediate, RenewedAuthority(Intermediate), null).Dispose();

        var intermediate = new CertificateAuthority(Intermediate, clock);
        WriteIfDifferent(CaChain, Pem(intermediate.Certificate) + Pem(root.Certificate));
        return intermediate;
    }

    /// <summary>Makes the OCSP signer anew, however long the one that is there lasts.</summary>
    /// <exception cref="PkiException">A file is broken or cannot be written.</exception>
    public void ReplaceOcspSigner() =>
        Locked(() =>
        {
            using var intermediate = EnsureAuthorities();
            intermediate.Issue(CertificateProfile.OcspSigner, RenewedAuthority(OcspSigner), null).Dispose();
            return true;
        });

    /// <summary>
    /// Makes the OCSP signer anew when a third of its life or less is left; a responder reads the files again.
    /// </summary>
    /// <returns>True when it was made anew.</returns>
    /// <exception cref="PkiException">A file is broken or cannot be written.</exception>
    public bool RenewOcspSigner() =>
        !IsGood(OcspSigner, null)
        && Locked(() =>
        {
            using var intermediate = EnsureAuthorities();
            return EnsureSigner(intermediate);
        });

    private bool EnsureSigner(CertificateAuthority intermediate)
    {
        if (IsGood(OcspSigner, intermediate))
            return false;
        intermediate.Issue(CertificateProfile.OcspSigner, RenewedAuthority(OcspSigner), null).Dispose();
        return true;
    }

    // Good for nothing but faults, so it is enough that they are this authority's.
    private void EnsureFaultySigners(CertificateAuthority intermediate)
    {
        foreach (
            var (files, profile) in (ReadOnlySpan<(CertificateFiles, CertificateProfile)>)
                [
                    (SignerWithoutOcspSigning, CertificateProfile.NotAnOcspSigner),
                    (ExpiredSigner, CertificateProfile.ExpiredOcspSigner),
                ]
        )
        {
            using var certificate = StoredCertificate.Find(files);
            if (
                certificate is null
                || !intermediate.Issued(certificate)
                || !File.Exists(files.Key)
                || !File.Exists(files.Password)
                || (profile == CertificateProfile.NotAnOcspSigner && !IsGood(files, intermediate))
            )
                intermediate.Issue(profile, RenewedAuthority(files), null).Dispose();
        }
    }

    private IssuedCertificate EnsureEnd(CertificateAuthority intermediate, string name)
    {
        var files = FilesOf(name);
        using var certificate = StoredCertificate.Find(files);
        // What somebody had issued is theirs to renew: they may serve it from another place.
        if (!WellKnown.ContainsKey(name) && certificate is not null && intermediate.Issued(certificate))
            return Describe(name, certificate, files, Freshness.Kept);
        if (certificate is null || !IsGood(files, intermediate) || !NamesResponder(certificate))
            return IssueEnd(intermediate, Complete(new CertificateOrder(name)));
        WriteChains(files, certificate, intermediate);
        return Describe(name, certificate, files, Freshness.Kept);
    }

    private bool NamesResponder(X509Certificate2 certificate) =>
        certificate
            .Extensions.OfType<X509AuthorityInformationAccessExtension>()
            .SelectMany(access => access.EnumerateOcspUris())
            .SequenceEqual(options.OcspUrl is null ? [] : [options.OcspUrl.OriginalString]);

    // Derived from what is there, so made good whenever they are not.
    private void WriteChains(CertificateFiles files, X509Certificate2 certificate, CertificateAuthority intermediate)
    {
        WriteIfDifferent(files.FullChain, Pem(certificate) + Pem(intermediate.Certificate));
        WriteIfDifferent(files.FullChainWithRoot, Pem(certificate) + File.ReadAllText(CaChain));
    }

    private static void WriteIfDifferent(string path, string content)
    {
        if (!File.Exists(path) || File.ReadAllText(path) != content)
            PrivateFile.WritePublic(path, content);
    }

    private IEnumerable<string> Names()
    {
        var folder = Path.Combine(Directory, "user_certs");
        return System.IO.Directory.Exists(folder)
            ? System
                .IO.Directory.GetDirectories(folder)
                .Select(path => Path.GetFileName(path))
                .Where(name => IsName(name) && File.Exists(FilesOf(name).Certificate))
                .Order()
            : [];
    }

    private IssuedCertificate IssueEnd(CertificateAuthority intermediate, CertificateOrder order)
    {
        var profile = order.Kind switch
        {
            CertificateKind.Site => CertificateProfile.Server(order.HostNames, MustStaple.No),
            CertificateKind.MustStapleSite => CertificateProfile.Server(order.HostNames, MustStaple.Yes),
            _ => CertificateProfile.User(order.Name),
        };
        var files = Renewed(FilesOf(order.Name));
        using var certificate = intermediate.Issue(profile, files, options.OcspUrl);
        WriteChains(files, certificate, intermediate);
        return Describe(order.Name, certificate, files, Freshness.New);
    }

    // One that is made anew stays what it was, but for what was ordered.
    private CertificateOrder Complete(CertificateOrder order)
    {
        using var former = StoredCertificate.Find(FilesOf(order.Name));
        var kind = order.Kind ?? (former is null ? null : CertificateProfile.KindOf(former));
        if (kind is null && WellKnown.TryGetValue(order.Name, out var known))
            kind = known;
        if (order is { Kind: null, HostNames.Count: > 0 } && kind is null or CertificateKind.Person)
            kind = CertificateKind.Site;
        if (kind is null)
            throw new PkiException(
                $"There is no '{order.Name}' yet. Say what it is for: --dns HOST for a server, or --kind Person for a "
                    + "client."
            );
        var hosts = order.HostNames;
        if (hosts.Count == 0 && former is not null)
            hosts = CertificateProfile.HostNamesOf(former);
        return order with { Kind = kind, HostNames = hosts.Count > 0 ? hosts : ArticleHosts };
    }

    /// <summary>
    /// There, paired with its key, issued by <paramref name="issuer"/>, and with a third of its life or a year to go.
    /// </summary>
    private bool IsGood(CertificateFiles files, CertificateAuthority? issuer)
    {
        using var certificate = StoredCertificate.Find(files);
        if (
            certificate is null
            || !File.Exists(files.Key)
            || !File.Exists(files.Password)
            || (issuer is not null && !issuer.Issued(certificate))
        )
            return false;
        var life = certificate.NotAfter - certificate.NotBefore;
        var reserve = life / 3 < TimeSpan.FromDays(365) ? life / 3 : TimeSpan.FromDays(365);
        return clock.GetUtcNow() < certificate.NotAfter.ToUniversalTime() - reserve;
    }

    private static IssuedCertificate Describe(
        string name,
        X509Certificate2 certificate,
        CertificateFiles files,
        Freshness freshness
    ) =>
        new(
            name,
            certificate.SerialNumber.ToLowerInvariant(),
            certificate.NotBefore.ToUniversalTime(),
            certificate.NotAfter.ToUniversalTime(),
            files,
            freshness
        );

    // What is there, or where it will be.
    private CertificateFiles Locate(string folder, string name, string? certificateFolder, Func<KeyAlgorithm> kind) =>
        Array.Find(Candidates(folder, name, certificateFolder), files => File.Exists(files.Certificate))
        ?? CertificateFiles.For(Path.Combine(Directory, folder), name, kind(), certificateFolder);

    private KeyAlgorithm KindOfAuthorities() =>
        options.AuthorityKeyAlgorithm
        ?? options.KeyAlgorithm
        ?? Candidates("root_ca", "ca", "CA").FirstOrDefault(files => File.Exists(files.Certificate))?.Algorithm
        ?? KeyAlgorithm.Rsa;

    private KeyAlgorithm KindOfEnds() =>
        options.KeyAlgorithm
        ?? (KeyAlgorithms.ForServers.Contains(Root.Algorithm) ? Root.Algorithm : KeyAlgorithm.Ecdsa);

    // Where it will be when it is made anew.
    private CertificateFiles Renewed(CertificateFiles files) => files.As(options.KeyAlgorithm ?? files.Algorithm);

    private CertificateFiles RenewedAuthority(CertificateFiles files) =>
        files.As(options.AuthorityKeyAlgorithm ?? options.KeyAlgorithm ?? files.Algorithm);

    private CertificateFiles[] Candidates(string folder, string name, string? certificateFolder)
    {
        var path = Path.Combine(Directory, folder);
        return
        [
            .. Enum.GetValues<KeyAlgorithm>()
                .Select(algorithm => CertificateFiles.For(path, name, algorithm, certificateFolder)),
        ];
    }

    private T Locked<T>(Func<T> work)
    {
        try
        {
            System.IO.Directory.CreateDirectory(Directory);
            using var gate = new FileStream(
                Path.Combine(Directory, ".lock"),
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None
            );
            return work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new PkiException($"{Directory} cannot be written: {exception.Message}", exception);
        }
    }

    private static IReadOnlyList<string> ArticleHosts { get; } =
    ["echocert.lab", "www.echocert.lab", "localhost", "127.0.0.1"];

    private static Dictionary<string, CertificateKind> WellKnown { get; } =
        new(StringComparer.Ordinal)
        {
            ["echo"] = CertificateKind.Site,
            ["echo-must-staple"] = CertificateKind.MustStapleSite,
            ["alice"] = CertificateKind.Person,
        };

    private static void CheckName(string name)
    {
        if (!IsName(name))
            throw new PkiException(
                $"'{name}' is not a name for a certificate: lower-case letters, digits and hyphens, at most 40."
            );
    }

    private static string Pem(X509Certificate2 certificate) => certificate.ExportCertificatePem() + "\n";

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,39}$", RegexOptions.CultureInvariant)]
    private static partial Regex ValidName();
}
