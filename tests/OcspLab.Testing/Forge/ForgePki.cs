using OcspLab.Ocsp.Requests;
using Org.BouncyCastle.Asn1.X509;

namespace OcspLab.Testing.Forge;

/// <summary>
/// The authorities and signers of the forged responses: a root, the issuer under it, others who would like to be the
/// issuer, and a server certificate whose status is in question.
/// </summary>
public sealed class ForgePki
{
    private readonly ForgedKey _delegateKey = ForgedKey.Ecdsa();

    public ForgePki(DateTimeOffset now)
    {
        Now = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
        Root = Authority("CN=Forge Root").Sign(issuer: null);
        Issuer = Authority(IssuerName).Sign(Root);
        Impostor = Authority(IssuerName).Sign(Root);
        Rival = Authority("CN=Rival CA").Sign(Root);
        Server = Of("CN=server").Sign(Issuer);
        Delegate = DelegateForge.Sign(Issuer);
    }

    /// <summary>The instant that the responses are made for, whole seconds.</summary>
    public DateTimeOffset Now { get; }

    public ForgedCertificate Root { get; }

    /// <summary>The authority that issued <see cref="Server"/>.</summary>
    public ForgedCertificate Issuer { get; }

    /// <summary>The issuer's name, another key.</summary>
    public ForgedCertificate Impostor { get; }

    /// <summary>Another authority under the same root.</summary>
    public ForgedCertificate Rival { get; }

    public ForgedCertificate Server { get; }

    /// <summary>A rightful delegate of the issuer.</summary>
    public ForgedCertificate Delegate { get; }

    public OcspSubject Subject => OcspSubject.FromCertificate(Server.Certificate, Issuer.Certificate);

    /// <summary>A delegate to be changed before it is signed.</summary>
    public CertificateForge DelegateForge =>
        Of("CN=delegate", _delegateKey) with
        {
            Extensions =
            [
                CertificateForge.Usage(OcspSigning),
                CertificateForge.KeyUsage(KeyUsage.DigitalSignature),
                CertificateForge.NoCheck,
            ],
        };

    /// <summary>An authority with a key of another kind.</summary>
    public CertificateForge Authority(string name, ForgedKey? key = null) =>
        Of(name, key) with
        {
            Extensions = [CertificateForge.CertificateAuthority],
        };

    public CertificateForge Of(string name, ForgedKey? key = null) =>
        new(name, key ?? ForgedKey.Ecdsa(), Now.AddDays(-30), Now.AddDays(300));

    /// <summary>
    /// A good, current response of the issuer about <see cref="Server"/>: the starting point of every forgery.
    /// </summary>
    public ForgedResponse Good =>
        new()
        {
            Signer = Issuer,
            ProducedAt = Now.AddHours(-1),
            Entries = [Entry],
        };

    /// <summary>The entry of <see cref="Good"/>.</summary>
    public ForgedEntry Entry =>
        ForgedEntry.For(Server, Issuer) with
        {
            ThisUpdate = Now.AddHours(-1),
            NextUpdate = Now.AddDays(1),
        };

    /// <summary>The same, signed by <see cref="Delegate"/>.</summary>
    public ForgedResponse Delegated => SignedBy(Delegate);

    /// <summary>The good response, signed by someone whose certificate is enclosed.</summary>
    public ForgedResponse SignedBy(ForgedCertificate signer) =>
        Good with
        {
            Signer = signer,
            Certificates = [signer.Encoded],
        };

    public const string OcspSigning = "1.3.6.1.5.5.7.3.9";

    private const string IssuerName = "CN=Forge CA";
}
