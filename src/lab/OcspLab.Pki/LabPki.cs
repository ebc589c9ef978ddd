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
    public CertificateFiles Root => Locate("root_ca", "ca", "CA");

    /// <summary>The intermediate authority, which issues everything else.</summary>
    public CertificateFiles Intermediate => Locate("intermediate_ca", "ca", "CA");

    /// <summary>The delegated OCSP signer (RFC 6960 §4.2.2.2).</summary>
    public CertificateFiles OcspSigner => Locate("ocsp", "ocsp", null);

    /// <summary>
    /// A certificate of the same authority that must not sign OCSP: what a responder with a fault signs with.
    /// </summary>
    public CertificateFiles SignerWithoutOcspSigning =>
        Locate(Path.Combine("ocsp", "without-ocsp-signing"), "ocsp", null);

    /// <summary>An OCSP signer that has expired: for faults too.</summary>
    public CertificateFiles ExpiredSigner => Locate(Path.Combine("ocsp", "expired"), "ocsp", null);

    /// <summary>Intermediate and root in one PEM file: nginx's <c>ssl_trusted_certificate</c>.</summary>
    public string CaChain => Path.Combine(Directory, "ca-chain.pem");

    /// <summary>Makes whatever is missing or no longer good.</summary>
    /// <returns>The lab's own end certificates, and those that were issued besides.</returns>
    /// <exception cref="PkiException">A file is broken or cannot be written.</exception>
    public IReadOnlyList<IssuedCertificate> Ensure()
    {
        return Locked(() =>
        {
            using var intermediate = EnsureAuthorities();
            EnsureSigner(intermediate);
            EnsureFaultySigners(intermediate);
            return (IReadOnlyList<IssuedCertificate>)
                [.. WellKnownNames.Union(Names()).Select(name => EnsureEnd(intermediate, name))];
        });
    }

    /// <summary>Issues <paramref name="name"/>, or issues it anew.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="kind">
    /// What it is for, or null for what it was for; what is new and none of <see cref="WellKnownNames"/> is a person's.
    /// </param>
    /// <exception cref="PkiException">The name is not one, or a file is broken or cannot be written.</exception>
    public IssuedCertificate Issue(string name, CertificateKind? kind = null) => Issue([name], kind)[0];

    /// <summary>
    /// Issues all of these, or issues them anew. Opening the authorities' keys is what takes long, and is done once.
    /// </summary>
    /// <param name="names">Their names.</param>
    /// <param name="kind">What they are for, or null as with a single one.</param>
    /// <exception cref="PkiException">A name is not one, or a file is broken or cannot be written.</exception>
    public IReadOnlyList<IssuedCertificate> Issue(IReadOnlyCollection<string> names, CertificateKind? kind = null)
    {
        ArgumentNullException.ThrowIfNull(names);
        foreach (var name in names)
            CheckName(name);
        return Locked(() =>
        {
            using var intermediate = EnsureAuthorities();
            return (IReadOnlyList<IssuedCertificate>)
                [.. names.Select(name => IssueEnd(intermediate, name, kind ?? KindOf(name)))];
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
        return Locate(Path.Combine("user_certs", name), name.Replace('-', '_'), null);
    }

    /// <summary>An end certificate by name, or null when there is none.</summary>
    /// <exception cref="PkiException">The name is not one, or the certificate is broken.</exception>
    public IssuedCertificate? Find(string name)
    {
        var files = FilesOf(name);
        using var certificate = StoredCertificate.Find(files);
        return certificate is null ? null : Describe(name, certificate, files, Freshness.Kept);
    }

    private CertificateAuthority EnsureAuthorities()
    {
        if (!IsGood(Root, null))
            CertificateAuthority.CreateRoot(Root, clock);
        using var root = new CertificateAuthority(StoredCertificate.Load(Root), clock);
        if (!IsGood(Intermediate, root))
            root.Issue(CertificateProfile.Intermediate, Intermediate, null).Dispose();

        var intermediate = new CertificateAuthority(StoredCertificate.Load(Intermediate), clock);
        WriteIfDifferent(CaChain, Pem(intermediate.Certificate) + Pem(root.Certificate));
        return intermediate;
    }

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
        intermediate.Issue(CertificateProfile.OcspSigner, OcspSigner, null).Dispose();
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
                intermediate.Issue(profile, files, null).Dispose();
        }
    }

    private IssuedCertificate EnsureEnd(CertificateAuthority intermediate, string name)
    {
        var files = FilesOf(name);
        if (!IsGood(files, intermediate))
            return IssueEnd(intermediate, name, KindOf(name));
        using var certificate = StoredCertificate.Find(files)!;
        var urls = certificate
            .Extensions.OfType<X509AuthorityInformationAccessExtension>()
            .SelectMany(access => access.EnumerateOcspUris());
        if (!urls.SequenceEqual(options.OcspUrl is null ? [] : [options.OcspUrl.OriginalString]))
            return IssueEnd(intermediate, name, KindOf(name));
        WriteChains(files, certificate, intermediate);
        return Describe(name, certificate, files, Freshness.Kept);
    }

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
            ? System.IO.Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)).Where(IsName).Order()
            : [];
    }

    private IssuedCertificate IssueEnd(CertificateAuthority intermediate, string name, CertificateKind kind)
    {
        var profile = kind switch
        {
            CertificateKind.Site => CertificateProfile.Server("echocert.lab", MustStaple.No),
            CertificateKind.MustStapleSite => CertificateProfile.Server("echocert.lab", MustStaple.Yes),
            _ => CertificateProfile.User(name),
        };
        var files = FilesOf(name);
        using var certificate = intermediate.Issue(profile, files, options.OcspUrl);
        WriteChains(files, certificate, intermediate);
        return Describe(name, certificate, files, Freshness.New);
    }

    // One that is made anew stays what it was.
    private CertificateKind KindOf(string name)
    {
        if (WellKnown.TryGetValue(name, out var known))
            return known;
        var files = Candidates(Path.Combine("user_certs", name), name.Replace('-', '_'), null);
        using var certificate = files.Select(StoredCertificate.Find).FirstOrDefault(found => found is not null);
        return certificate is null ? CertificateKind.Person : CertificateProfile.KindOf(certificate);
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

    // What is there keeps its kind of key unless another is asked for.
    private CertificateFiles Locate(string folder, string name, string? certificateFolder)
    {
        var candidates = Candidates(folder, name, certificateFolder);
        return options.KeyAlgorithm is { } wanted
            ? candidates.First(files => files.Algorithm == wanted)
            : candidates.FirstOrDefault(files => File.Exists(files.Certificate))
                ?? candidates.First(files => files.Algorithm == AlgorithmOfRoot());
    }

    private CertificateFiles[] Candidates(string folder, string name, string? certificateFolder)
    {
        var path = Path.Combine(Directory, folder);
        return
        [
            .. Enum.GetValues<KeyAlgorithm>()
                .Select(algorithm => CertificateFiles.For(path, name, algorithm, certificateFolder)),
        ];
    }

    private KeyAlgorithm AlgorithmOfRoot()
    {
        var ecdsa = CertificateFiles.For(Path.Combine(Directory, "root_ca"), "ca", KeyAlgorithm.Ecdsa, "CA");
        return File.Exists(ecdsa.Certificate) ? KeyAlgorithm.Ecdsa : KeyAlgorithm.Rsa;
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
