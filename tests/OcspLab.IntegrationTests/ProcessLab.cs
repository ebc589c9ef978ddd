using System.Security.Cryptography.X509Certificates;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Topology;
using OcspLab.Ocsp.Responses;
using OcspLab.Pki;
using OcspLab.Probe;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Faults;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>
/// Name server, responder and site, each a process of its own, so that each can be killed and started again.
/// </summary>
internal sealed class ProcessLab : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly RunningProgram _dns;
    private readonly X509Certificate2 _root;
    private readonly string[] _siteCommand;
    private readonly string[] _siteSettings;

    private ProcessLab(string[] siteCommand, string[] siteSettings)
    {
        _siteCommand = siteCommand;
        Topology = new LabTopology { Directory = _folder.Path, Ports = Programs.FreePorts().Ports };
        _siteSettings = siteSettings;
        Certificates = Topology.CreatePki(TimeProvider.System).Ensure();
        _root = X509CertificateLoader.LoadCertificateFromFile(RootFile);
        _dns = Start(LabTopology.Dns);
    }

    public LabTopology Topology { get; }

    public RunningProgram? Responder { get; private set; }

    public RunningProgram? Site { get; private set; }

    public string RootFile => Path.Combine(Topology.PkiDirectory, "root_ca/CA/rsa_ca.crt");

    private IReadOnlyList<IssuedCertificate> Certificates { get; }

    /// <summary>Brings all three up.</summary>
    /// <param name="siteSettings">
    /// Settings for the site beside the lab's, as <c>--key=value</c>; <c>ROOT</c> stands for the root's file.
    /// </param>
    public static Task<ProcessLab> StartAsync(params string[] siteSettings) =>
        StartAsync(["dotnet", Programs.Service(LabTopology.Kestrel)], siteSettings);

    /// <summary>The same with another program for the site; <c>PASSWORD</c> stands for its key's.</summary>
    public static async Task<ProcessLab> StartAsync(string[] siteCommand, string[] siteSettings)
    {
        var lab = new ProcessLab(siteCommand, siteSettings);
        var registry = new SqliteCertificateRegistry(lab.Topology.Database, TimeProvider.System);
        await registry.RegisterAsync(lab.Certificates, TimeProvider.System, TestContext.Current.CancellationToken);
        await lab.StartResponderAsync();
        await lab.StartSiteAsync();
        return lab;
    }

    public async Task StartResponderAsync()
    {
        Responder = Start(LabTopology.Responder);
        using var http = new HttpClient();
        await Poll.UntilAsync(async () => await AnswersAsync(http), "the responder is up");
    }

    public void KillResponder() => Kill(Responder);

    public async Task StartSiteAsync()
    {
        var password = File.ReadLines(
                Topology.CreatePki(TimeProvider.System).FilesOf(LabTopology.SiteCertificate).Password
            )
            .First();
        var settings = _siteSettings.Select(setting =>
            setting
                .Replace("ROOT", RootFile, StringComparison.Ordinal)
                .Replace("PASSWORD", password, StringComparison.Ordinal)
        );
        Site = new RunningProgram([.. _siteCommand, .. Topology.ArgumentsOf(LabTopology.Kestrel), .. settings]);
        await Poll.UntilAsync(
            () => Site.HasExited || Site.Output.Contains("Now listening", StringComparison.Ordinal),
            "the site is up"
        );
        Assert.False(Site.HasExited, Site.Output + Site.Error);
    }

    public void KillSite() => Kill(Site);

    /// <summary>What a client is told about the site's certificate: a verdict of <c>ocsplab inspect</c>.</summary>
    public async Task<StapleVerdictKind> StapleAsync(TlsVersion version = TlsVersion.Any)
    {
        var handshake = await new TlsProbe(TimeProvider.System).ConnectAsync(
            "127.0.0.1",
            Topology.Ports.Kestrel,
            LabTopology.SiteHost,
            version,
            TimeSpan.FromSeconds(10),
            TestContext.Current.CancellationToken
        );
        return StapleInspector.Inspect(handshake, [_root], TimeProvider.System.GetUtcNow()).Staple.Verdict;
    }

    public async Task SetStatusAsync(bool revoked)
    {
        using var admin = new ResponderAdminClient(Topology.AdminUrl, AdminToken.LoadOrCreate(Topology.AdminTokenFile));
        if (revoked)
            await admin.RevokeAsync(
                LabTopology.SiteCertificate,
                RevocationReason.Unspecified,
                TestContext.Current.CancellationToken
            );
        else
            await admin.RestoreAsync(LabTopology.SiteCertificate, TestContext.Current.CancellationToken);
    }

    /// <summary>Has the responder take its time.</summary>
    public async Task DelayAnswersAsync(TimeSpan delay)
    {
        using var admin = new ResponderAdminClient(Topology.AdminUrl, AdminToken.LoadOrCreate(Topology.AdminTokenFile));
        await admin.AddFaultAsync(
            new FaultOrder(FaultKind.Delay, Duration: delay),
            TestContext.Current.CancellationToken
        );
    }

    /// <summary>A client that trusts the lab's root, and takes the site for what it is by whatever address.</summary>
    public HttpClient CreateClient() =>
        new(
            new SocketsHttpHandler
            {
                SslOptions =
                {
                    TargetHost = LabTopology.SiteHost,
                    CertificateChainPolicy = new X509ChainPolicy
                    {
                        TrustMode = X509ChainTrustMode.CustomRootTrust,
                        CustomTrustStore = { _root },
                        RevocationMode = X509RevocationMode.NoCheck,
                    },
                },
            }
        );

    public async ValueTask DisposeAsync()
    {
        foreach (var program in new[] { Site, Responder, _dns }.OfType<RunningProgram>())
            await program.DisposeAsync();
        _root.Dispose();
        _folder.Dispose();
    }

    private RunningProgram Start(string resource) =>
        new(["dotnet", Programs.Service(resource), .. Topology.ArgumentsOf(resource)]);

    private static void Kill(RunningProgram? program)
    {
        program!.Kill();
        program.WaitAsync().GetAwaiter().GetResult();
    }

    private async Task<bool> AnswersAsync(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync(
                $"http://127.0.0.1:{Topology.Ports.Responder}/",
                TestContext.Current.CancellationToken
            );
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
