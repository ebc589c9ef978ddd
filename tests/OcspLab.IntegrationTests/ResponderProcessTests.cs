using System.Collections.Concurrent;
using OcspLab.Lab.Topology;
using OcspLab.Ocsp.Responses;
using OcspLab.Pki;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>The responder as a process that can be killed.</summary>
public sealed class ResponderProcessTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private LabTopology _topology = new();

    public ValueTask InitializeAsync()
    {
        _topology = new LabTopology
        {
            Directory = _folder.Path,
            Ports = Programs.FreePorts().Ports,
            KeyAlgorithm = KeyAlgorithm.Ecdsa,
        };
        _topology.CreatePki(TimeProvider.System).Ensure();
        return ValueTask.CompletedTask;
    }

    [Theory, Trait("Rule", "R44")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_acknowledged_revocation_is_lost_when_the_process_ends_amid_a_stream_of_them(bool killed)
    {
        var acknowledged = new ConcurrentBag<string>();
        await using var responder = new RunningProgram([
            "dotnet",
            Programs.Service(LabTopology.Responder),
            .. _topology.ArgumentsOf(LabTopology.Responder),
        ]);
        using var admin = await ConnectAsync();
        var serials = Enumerable.Range(0x4000, 600).Select(number => $"{number:x4}").ToArray();
        foreach (var serial in serials)
            await admin.RegisterAsync(
                new RegisteredCertificate(
                    $"server-{serial}",
                    serial,
                    TimeProvider.System.GetUtcNow(),
                    TimeProvider.System.GetUtcNow().AddDays(1)
                ),
                TestContext.Current.CancellationToken
            );

        var stream = Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(worker =>
                    Task.Run(
                        () => RevokeAsync(admin, serials.Where((_, index) => index % 4 == worker), acknowledged),
                        TestContext.Current.CancellationToken
                    )
                )
        );
        await Poll.UntilAsync(() => acknowledged.Count >= 50, "fifty revocations");
        if (killed)
            responder.Kill();
        else
            responder.Interrupt();
        await responder.WaitAsync();
        await stream;

        Assert.True(acknowledged.Count >= 50, "nothing was under way");
        using var registry = new SqliteCertificateRegistry(_topology.Database, TimeProvider.System);
        foreach (var serial in acknowledged)
            Assert.Equal(
                CertStatusKind.Revoked,
                (await registry.FindAsync(serial, TestContext.Current.CancellationToken))?.Status.Kind
            );
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task RevokeAsync(
        ResponderAdminClient admin,
        IEnumerable<string> serials,
        ConcurrentBag<string> acknowledged
    )
    {
        foreach (var serial in serials)
        {
            try
            {
                await admin.RevokeAsync(serial, RevocationReason.KeyCompromise, CancellationToken.None);
                acknowledged.Add(serial);
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or IOException)
            {
                // Nobody was told that it was done.
                return;
            }
        }
    }

    private async Task<ResponderAdminClient> ConnectAsync()
    {
        await Poll.UntilAsync(() => File.Exists(_topology.AdminTokenFile), "the token");
        var admin = new ResponderAdminClient(_topology.AdminUrl, AdminToken.LoadOrCreate(_topology.AdminTokenFile));
        await Poll.UntilAsync(
            async () =>
            {
                try
                {
                    await admin.GetStatusAsync(TestContext.Current.CancellationToken);
                    return true;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "the responder is up"
        );
        return admin;
    }
}
