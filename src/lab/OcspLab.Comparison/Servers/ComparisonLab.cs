using OcspLab.Lab.Commands;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Services;
using OcspLab.Lab.Topology;
using OcspLab.Pki;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Faults;
using OcspLab.Responder.Journal;

namespace OcspLab.Comparison.Servers;

/// <summary>
/// What is around the compared servers: an authority, a name server and a responder in this process, all in one folder.
/// </summary>
internal sealed class ComparisonLab : IAsyncDisposable
{
    private readonly LabFoundation _foundation;
    private readonly LabPki _pki;
    private readonly string _folder;
    private readonly HostsView _hosts;

    // The authority's folder has one writer.
    private readonly SemaphoreSlim _issuing = new(1, 1);

    private ComparisonLab(
        string folder,
        LabTopology topology,
        HostsView hosts,
        LabFoundation foundation,
        LabPki pki,
        TimeProvider clock
    )
    {
        _folder = folder;
        _hosts = hosts;
        _foundation = foundation;
        _pki = pki;
        Topology = topology;
        Clock = clock;
        Admin = new ResponderAdminClient(topology.AdminUrl, AdminToken.Load(topology.AdminTokenFile));
    }

    /// <summary>Names, ports and files.</summary>
    public LabTopology Topology { get; }

    /// <summary>The responder's admin API.</summary>
    public ResponderAdminClient Admin { get; }

    /// <summary>The time.</summary>
    public TimeProvider Clock { get; }

    /// <summary>The root that clients trust.</summary>
    public string RootFile => _pki.Root.Certificate;

    /// <summary>The authority of every server's certificate.</summary>
    public string IssuerFile => _pki.Intermediate.Certificate;

    /// <summary>Makes and starts all of it.</summary>
    /// <param name="validity">How long the responder's answers last.</param>
    /// <param name="key">The certificates' kind of key.</param>
    /// <param name="clock">The time.</param>
    /// <param name="progress">Is told what goes wrong.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static async Task<ComparisonLab> StartAsync(
        TimeSpan validity,
        KeyAlgorithm key,
        TimeProvider clock,
        Action<string> progress,
        CancellationToken cancellationToken
    )
    {
        var folder = ScratchFolder.Create("ocsplab-compare-");
        var ports = PortCheck.FindFree(3);
        var topology = new LabTopology
        {
            Directory = Path.Combine(folder, "lab"),
            Ports = new LabPorts
            {
                Dns = ports[0],
                Responder = ports[1],
                ResponderAdmin = ports[2],
            },
            Validity = validity,
            Backdate = TimeSpan.FromSeconds(1),
            Journal = 1_000_000,
            KeyAlgorithm = key,
        };
        var foundation = new LabFoundation(topology.LogDirectory, clock, (name, why) => progress($"{name}: {why}"));
        try
        {
            Directory.CreateDirectory(topology.LogDirectory);
            var pki = topology.CreatePki(clock);
            await Task.Run(pki.Ensure, cancellationToken).ConfigureAwait(false);
            await foundation.StartDnsAsync(topology, cancellationToken).ConfigureAwait(false);
            await foundation.StartResponderAsync(topology, pki, [], cancellationToken).ConfigureAwait(false);
            return new ComparisonLab(
                folder,
                topology,
                await HostsViews.DetectAsync(cancellationToken).ConfigureAwait(false),
                foundation,
                pki,
                clock
            );
        }
        catch
        {
            await foundation.DisposeAsync().ConfigureAwait(false);
            await ScratchFolder.DeleteAsync(folder, clock).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A place for one server, with a certificate that the responder knows.</summary>
    /// <param name="name">What tells it from the others.</param>
    /// <param name="kind">A site's certificate with or without must-staple (RFC 7633).</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<ServerPlace> IssueAsync(string name, CertificateKind kind, CancellationToken cancellationToken) =>
        (await IssueAsync([name], kind, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Places for many servers, in the order of their names.</summary>
    public async Task<IReadOnlyList<ServerPlace>> IssueAsync(
        IReadOnlyList<string> names,
        CertificateKind kind,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<IssuedCertificate> certificates;
        await _issuing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            certificates = await Task.Run(
                    () => _pki.Issue([.. names.Select(name => new CertificateOrder(name) { Kind = kind })]),
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        finally
        {
            _issuing.Release();
        }

        await Admin.RegisterAsync(certificates, Clock, cancellationToken).ConfigureAwait(false);
        var ports = PortCheck.FindFree(names.Count);
        return
        [
            .. names.Select(
                (name, index) =>
                    new ServerPlace(Path.Combine(_folder, name), ports[index], certificates[index], Topology, _hosts)
            ),
        ];
    }

    /// <summary>A folder for whatever a client needs.</summary>
    public string CreateFolder(string name) => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;

    /// <summary>What the responder was asked about a place's certificate.</summary>
    public async Task<IReadOnlyList<JournalEntry>> ReadJournalAsync(
        ServerPlace place,
        CancellationToken cancellationToken
    ) =>
        [
            .. (await Admin.ReadJournalAsync(0, cancellationToken).ConfigureAwait(false)).Where(entry =>
                entry.SerialNumbers.Contains(place.Issued.SerialNumber)
            ),
        ];

    /// <summary>Has the responder misbehave towards one place's certificate, from now on.</summary>
    public Task BreakAsync(ServerPlace place, FaultKind fault, CancellationToken cancellationToken) =>
        Admin.AddFaultAsync(new FaultOrder(fault, place.Issued.Name), cancellationToken);

    /// <summary>Ends all faults of one place's certificate.</summary>
    public async Task MendAsync(ServerPlace place, CancellationToken cancellationToken)
    {
        foreach (
            var fault in (await Admin.ListFaultsAsync(cancellationToken).ConfigureAwait(false)).Where(fault =>
                fault.SerialNumber == place.Issued.SerialNumber
            )
        )
            await Admin.RemoveFaultsAsync(fault.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        _issuing.Dispose();
        await _foundation.DisposeAsync().ConfigureAwait(false);
        await ScratchFolder.DeleteAsync(_folder, Clock).ConfigureAwait(false);
    }
}
