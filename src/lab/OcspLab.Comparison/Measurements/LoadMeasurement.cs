using System.Net;
using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Servers;
using OcspLab.Lab;
using OcspLab.Lab.Topology;
using OcspLab.Pki;
using OcspLab.Probe;

namespace OcspLab.Comparison.Measurements;

/// <summary>What a crowd of clients of one site means for the responder.</summary>
/// <param name="Server">The site's server, or <see cref="AskThemselves"/>.</param>
/// <param name="Clients">How many, each with an address of its own.</param>
/// <param name="Informed">How many knew that the certificate is good when they were through.</param>
/// <param name="Requests">How often the responder was asked about the certificate.</param>
/// <param name="AddressesLearnt">
/// How many of the clients' addresses are in the responder's journal beside the certificate.
/// </param>
public sealed record CrowdLoad(string Server, int Clients, int Informed, int Requests, int AddressesLearnt)
{
    /// <summary>Instead of a server: a site without staples.</summary>
    public const string AskThemselves = "clients ask themselves";
}

/// <summary>
/// The article's claims about load and privacy: crowds of clients against a server that has just been started, each
/// client once, all at about the same time; then the responder's journal is read.
/// </summary>
internal sealed class LoadMeasurement(
    ComparisonPlan plan,
    IReadOnlyList<IStaplingServer> servers,
    FailureLog failures,
    PartProgress progress
)
{
    /// <summary>Runs. When it is cancelled, the crowds that were through are the result.</summary>
    public async Task<IReadOnlyList<CrowdLoad>> RunAsync(ComparisonLab lab, CancellationToken cancellationToken)
    {
        if (OpenSslClient.Missing is { } missing)
            throw new LabException(missing);

        var loads = new List<CrowdLoad>();
        CrowdSite[] sites =
        [
            .. servers.Select(server => new CrowdSite(server.Name, server, ServerStapling.On)),
            new(CrowdLoad.AskThemselves, new KestrelServer(LabTopology.Kestrel), ServerStapling.Off),
        ];
        var work = new WorkProgress(
            "load",
            plan.Crowds.Sum(crowd => crowd + StartWork) * sites.Length,
            lab.Clock,
            progress
        );
        try
        {
            foreach (var crowd in plan.Crowds)
            {
                work.Begin($"{crowd} {(crowd == 1 ? "client" : "clients")} for each server");
                var all = await Task.WhenAll(sites.Select(site => TryAsync(lab, site, crowd, work, cancellationToken)))
                    .ConfigureAwait(false);
                loads.AddRange(all.OfType<CrowdLoad>());
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The crowds that were through are kept.
        }

        return loads;
    }

    // One server that fails does not take the others along.
    private async Task<CrowdLoad?> TryAsync(
        ComparisonLab lab,
        CrowdSite site,
        int crowd,
        WorkProgress work,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await RunAsync(lab, site, crowd, work, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            await failures
                .AddAsync($"load, {site.Name}, {crowd} clients", exception, cancellationToken)
                .ConfigureAwait(false);
            return null;
        }
    }

    private static async Task<CrowdLoad> RunAsync(
        ComparisonLab lab,
        CrowdSite site,
        int crowd,
        WorkProgress work,
        CancellationToken cancellationToken
    )
    {
        var place = await lab.IssueAsync(
                $"{site.Name.Replace(' ', '-')}-crowd-{crowd}",
                CertificateKind.Site,
                cancellationToken
            )
            .ConfigureAwait(false) with
        {
            Stapling = site.Stapling,
        };
        var process = new ServerProcess(site.Server, place, lab.Clock);
        await using (process.ConfigureAwait(false))
        {
            await process.ListenAsync(cancellationToken).ConfigureAwait(false);
            work.Done(StartWork);
            // HAProxy's file is fetched before it starts, by another program, and is counted like a question of its
            // own.
            using var status = new StatusCheck(lab, place);
            var informed = 0;
            await Parallel
                .ForAsync(
                    0,
                    crowd,
                    new ParallelOptions
                    {
                        MaxDegreeOfParallelism = MaximumConcurrency,
                        CancellationToken = cancellationToken,
                    },
                    async (number, _) =>
                    {
                        var address = AddressOf(number);
                        try
                        {
                            // On a thread of its own: OpenSSL blocks, and the responder lives in this process.
                            using var client = new OpenSslClient(place.Port, LabTopology.SiteHost, TlsVersion.Any);
                            var handshake = await Task
                                .Factory.StartNew(
                                    () => client.Connect(address),
                                    CancellationToken.None,
                                    TaskCreationOptions.LongRunning,
                                    TaskScheduler.Default
                                )
                                .ConfigureAwait(false);
                            if (
                                status.IsGood(
                                    handshake.Staple
                                        ?? await status
                                            .AskAsync(lab.Topology.Ports.Responder, address, cancellationToken)
                                            .ConfigureAwait(false)
                                )
                            )
                                Interlocked.Increment(ref informed);
                        }
                        catch (Exception exception) when (exception is LabException or HttpRequestException)
                        {
                            // Neither connected nor informed.
                        }

                        work.Done(1);
                    }
                )
                .ConfigureAwait(false);
            await Task.Delay(JournalDelay, lab.Clock, cancellationToken).ConfigureAwait(false);
            var journal = await lab.ReadJournalAsync(place, cancellationToken).ConfigureAwait(false);
            var crowdsAddresses = Enumerable.Range(0, crowd).Select(AddressOf).ToHashSet();
            var learnt = journal
                .Select(entry => IPEndPoint.TryParse(entry.Client, out var client) ? client.Address : null)
                .OfType<IPAddress>()
                .Distinct()
                .Count(crowdsAddresses.Contains);
            return new CrowdLoad(site.Name, crowd, informed, journal.Count, learnt);
        }
    }

    // All of 127.0.0.0/8 is this machine; servers ask from 127.0.0.1.
    private static IPAddress AddressOf(int number) => new([127, 1, (byte)(number / 250), (byte)(1 + (number % 250))]);

    private const int MaximumConcurrency = 16;

    // A server's start takes about as long as so many clients.
    private const int StartWork = 100;

    // A question that the last client caused is on its way.
    private static readonly TimeSpan JournalDelay = TimeSpan.FromSeconds(1);

    private sealed record CrowdSite(string Name, IStaplingServer Server, ServerStapling Stapling);
}
