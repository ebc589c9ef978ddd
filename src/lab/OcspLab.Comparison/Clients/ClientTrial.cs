using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Servers;
using OcspLab.Lab;
using OcspLab.Lab.Topology;
using OcspLab.Ocsp.Responses;
using OcspLab.Pki;
using OcspLab.Probe;
using OcspLab.Responder.Faults;

namespace OcspLab.Comparison.Clients;

/// <summary>Puts every client into every situation, one after the other, each time from nothing.</summary>
/// <param name="clients">Who is asked.</param>
/// <param name="failures">Is given what could not be seen, and why.</param>
/// <param name="progress">Is told what goes on.</param>
internal sealed class ClientTrial(IReadOnlyList<IStatusClient> clients, FailureLog failures, PartProgress progress)
{
    /// <summary>Runs. When it is cancelled, what was seen so far is the result.</summary>
    public async Task<ClientMatrix> RunAsync(ComparisonLab lab, CancellationToken cancellationToken)
    {
        var present = clients.Where(client => client.Missing is null).ToArray();
        var observations = new List<ClientObservation>();
        var missing = clients
            .Where(client => client.Missing is not null)
            .Select(client => new MissingProgram(client.Name, client.Missing!))
            .ToList();
        var nginx = new NginxServer();
        var cases = ClientCase
            .All.Where(wanted =>
                nginx.Missing is null || wanted.Staple is not (CaseStaple.Expired or CaseStaple.TryLater)
            )
            .ToArray();
        if (cases.Length < ClientCase.All.Count)
            missing.Add(new MissingProgram("expired and tryLater", nginx.Missing!));
        var work = new WorkProgress("clients", cases.Length, lab.Clock, progress);
        try
        {
            foreach (var wanted in cases)
            {
                try
                {
                    await RunAsync(lab, wanted, present, observations, work, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    await failures
                        .AddAsync($"clients, {wanted.Title}", exception, cancellationToken)
                        .ConfigureAwait(false);
                }

                work.Done(1);
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The situations so far are kept.
        }

        var described = new List<ComparedProgram>();
        foreach (var client in present)
            described.Add(
                new ComparedProgram(
                    client.Name,
                    await client.ReadVersionAsync(CancellationToken.None).ConfigureAwait(false),
                    client.Setting
                )
            );
        return new ClientMatrix(
            described,
            missing,
            [.. cases.Select(one => new ComparedSituation(one.Name, one.Title))],
            observations
        );
    }

    private async Task RunAsync(
        ComparisonLab lab,
        ClientCase wanted,
        IStatusClient[] present,
        List<ClientObservation> observations,
        WorkProgress work,
        CancellationToken cancellationToken
    )
    {
        var place = await lab.IssueAsync(
                $"client-{wanted.Name.ToLowerInvariant()}",
                wanted.IsMustStaple ? CertificateKind.MustStapleSite : CertificateKind.Site,
                cancellationToken
            )
            .ConfigureAwait(false);
        if (wanted.IsRevoked)
            await lab
                .Admin.RevokeAsync(place.Issued.Name, RevocationReason.KeyCompromise, cancellationToken)
                .ConfigureAwait(false);
        var server = new ServerProcess(
            await ServerOfAsync(lab, wanted, place, cancellationToken).ConfigureAwait(false),
            place with
            {
                Stapling = wanted.Staple == CaseStaple.None ? ServerStapling.Off : ServerStapling.On,
            },
            lab.Clock
        );
        await using (server.ConfigureAwait(false))
        {
            await server.ListenAsync(cancellationToken).ConfigureAwait(false);
            await AssertStapleAsync(lab, wanted, place, cancellationToken).ConfigureAwait(false);
            if (wanted.Responder == CaseResponder.Down)
                await lab.BreakAsync(place, FaultKind.Close, cancellationToken).ConfigureAwait(false);
            foreach (var client in present)
            {
                work.Begin($"{wanted.Title}, {client.Name}");
                var before = (await lab.ReadJournalAsync(place, cancellationToken).ConfigureAwait(false)).Count;
                var folder = lab.CreateFolder($"{place.Issued.Name}-{client.Name}");
                using var timer = new CancellationTokenSource(ClientTimeout, lab.Clock);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
                try
                {
                    var reaction = await client
                        .ConnectAsync(
                            new ClientVisit(place.Port, lab.RootFile, lab.Topology.Ports.Responder, folder),
                            either.Token
                        )
                        .ConfigureAwait(false);
                    // One that a Ctrl-C ended has said nothing.
                    cancellationToken.ThrowIfCancellationRequested();
                    var asked =
                        (await lab.ReadJournalAsync(place, cancellationToken).ConfigureAwait(false)).Count - before;
                    // One picture of each thing that a browser says is enough.
                    var isNew = !observations.Exists(seen => seen.Client == client.Name && seen.Said == reaction.Said);
                    observations.Add(
                        new ClientObservation(
                            client.Name,
                            wanted.Name,
                            reaction.Outcome,
                            reaction.Said,
                            asked,
                            isNew ? reaction.Picture : null
                        )
                    );
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    await failures
                        .AddAsync($"{client.Name}, {wanted.Title}", exception, cancellationToken)
                        .ConfigureAwait(false);
                }
            }
        }
    }

    // What a client is shown must be what the situation says.
    private static async Task AssertStapleAsync(
        ComparisonLab lab,
        ClientCase wanted,
        ServerPlace place,
        CancellationToken cancellationToken
    )
    {
        var handshake = await new TlsProbe(lab.Clock)
            .ConnectAsync(
                "127.0.0.1",
                place.Port,
                LabTopology.SiteHost,
                TlsVersion.Any,
                TimeSpan.FromSeconds(10),
                cancellationToken
            )
            .ConfigureAwait(false);
        var staple = StapleInspector.Inspect(handshake, [], lab.Clock.GetUtcNow()).Staple;
        var verdict = staple.Reason ?? staple.Word;
        var expected = wanted.Staple switch
        {
            CaseStaple.None => "absent",
            CaseStaple.Expired => "expired",
            CaseStaple.TryLater => "try_later",
            _ => wanted.IsRevoked ? "revoked" : "good",
        };
        if (verdict != expected)
            throw new LabException($"The server for '{wanted.Title}' staples {verdict}, not {expected}.");
    }

    private static async Task<IStaplingServer> ServerOfAsync(
        ComparisonLab lab,
        ClientCase wanted,
        ServerPlace place,
        CancellationToken cancellationToken
    )
    {
        if (wanted.Staple is CaseStaple.Right or CaseStaple.None)
            return new KestrelServer(LabTopology.Kestrel);
        await lab.BreakAsync(
                place,
                wanted.Staple == CaseStaple.Expired ? FaultKind.Expired : FaultKind.TryLater,
                cancellationToken
            )
            .ConfigureAwait(false);
        using var status = new StatusCheck(lab, place);
        var file = Path.Combine(lab.CreateFolder(place.Issued.Name), "staple.der");
        await File.WriteAllBytesAsync(
                file,
                (
                    await status.AskAsync(lab.Topology.Ports.Responder, null, cancellationToken).ConfigureAwait(false)
                ).ToArray(),
                cancellationToken
            )
            .ConfigureAwait(false);
        await lab.MendAsync(place, cancellationToken).ConfigureAwait(false);
        return new NginxServer { StapleFile = file };
    }

    // A browser's first start takes long, and its own deadline is shorter.
    private static readonly TimeSpan ClientTimeout = TimeSpan.FromSeconds(150);
}
