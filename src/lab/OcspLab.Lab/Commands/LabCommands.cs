using System.Text.Json;
using OcspLab.Lab.Topology;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Faults;

namespace OcspLab.Lab.Commands;

/// <summary>Something that can be done to a running lab: from a dashboard, from the keyboard, from a test.</summary>
/// <param name="Name">In lower case with hyphens, unique.</param>
/// <param name="Resource">Whose command it is.</param>
/// <param name="Title">For people.</param>
/// <param name="Icon">A name of the Fluent icons, for dashboards.</param>
/// <param name="RunAsync">Does it and says what came of it; throws <see cref="LabException"/>.</param>
public sealed record LabCommand(
    string Name,
    string Resource,
    string Title,
    string Icon,
    Func<CancellationToken, Task<string>> RunAsync
);

/// <summary>The commands of every host of the lab.</summary>
public static class LabCommands
{
    /// <summary>What a fault's command is called, less its kind.</summary>
    public const string FaultPrefix = "fault-";

    /// <summary>The name of the command that begins a fault.</summary>
    public static string FaultCommand(FaultKind kind) =>
        FaultPrefix + JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());

    /// <summary>A fault as <c>ocsplab responder fault</c> calls it.</summary>
    public static string FaultName(FaultKind kind) => JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());

    /// <summary>All of them.</summary>
    /// <param name="topology">The running lab.</param>
    /// <param name="restartNginx">How this host restarts nginx.</param>
    /// <param name="clock">The time.</param>
    public static IReadOnlyList<LabCommand> Create(
        LabTopology topology,
        Func<CancellationToken, Task> restartNginx,
        TimeProvider clock
    )
    {
        ArgumentNullException.ThrowIfNull(topology);
        return
        [
            OfResponder(
                "revoke",
                $"Revoke {LabTopology.SiteCertificate}",
                "Prohibited",
                async (admin, cancellationToken) =>
                {
                    await admin
                        .RevokeAsync(LabTopology.SiteCertificate, RevocationReason.KeyCompromise, cancellationToken)
                        .ConfigureAwait(false);
                    return $"{LabTopology.SiteCertificate} is revoked";
                }
            ),
            OfResponder(
                "restore",
                $"Restore {LabTopology.SiteCertificate}",
                "ArrowUndo",
                async (admin, cancellationToken) =>
                {
                    await admin.RestoreAsync(LabTopology.SiteCertificate, cancellationToken).ConfigureAwait(false);
                    return $"{LabTopology.SiteCertificate} is good; an nginx that staples nothing needs a restart";
                }
            ),
            OfResponder("outage", "Close the OCSP port", "PlugDisconnected", async (admin, cancellationToken) =>
            {
                await admin.StopAsync(cancellationToken).ConfigureAwait(false);
                return "the OCSP port is closed";
            }),
            OfResponder("recover", "Open the OCSP port", "PlugConnected", async (admin, cancellationToken) =>
            {
                await admin.StartAsync(cancellationToken).ConfigureAwait(false);
                return "the OCSP port is open";
            }),
            .. Enum.GetValues<FaultKind>()
                .Select(kind =>
                    OfResponder(
                        FaultCommand(kind),
                        $"Fault: {FaultWords(kind)}",
                        "Bug",
                        async (admin, cancellationToken) =>
                        {
                            await admin.AddFaultAsync(new FaultOrder(kind), cancellationToken).ConfigureAwait(false);
                            return $"the responder misbehaves: {FaultWords(kind)}";
                        }
                    )
                ),
            OfResponder("heal", "Take all faults back", "HeartPulse", async (admin, cancellationToken) =>
            {
                await admin.RemoveFaultsAsync(null, cancellationToken).ConfigureAwait(false);
                return "no faults are left";
            }),
            new("refresh", LabTopology.Kestrel, "Refresh staples", "ArrowSync", cancellationToken =>
                SiteClient.RefreshAsync(
                    LabTopology.SiteHost,
                    topology.Ports.Kestrel,
                    topology.CreatePki(clock).Root.Certificate,
                    cancellationToken
                )
            ),
            new(
                "restart-nginx",
                LabTopology.Nginx,
                "Restart nginx; it forgets its staples",
                "ArrowClockwise",
                async cancellationToken =>
                {
                    await restartNginx(cancellationToken).ConfigureAwait(false);
                    return "nginx restarted";
                }
            ),
        ];

        LabCommand OfResponder(
            string name,
            string title,
            string icon,
            Func<ResponderAdminClient, CancellationToken, Task<string>> run
        ) => new(name, LabTopology.Responder, title, icon, async cancellationToken =>
            {
                try
                {
                    using var admin = new ResponderAdminClient(
                        topology.AdminUrl,
                        AdminToken.Load(topology.AdminTokenFile)
                    );
                    return await run(admin, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception exception) when (SilenceOf(exception, cancellationToken) is { } silence)
                {
                    throw silence;
                }
            });
    }

    /// <summary>That the responder's admin API does not answer, if that is what went wrong; else null.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="cancellationToken">What ends the question; without it, a cancellation is a timeout.</param>
    public static LabException? SilenceOf(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException or IOException or UnauthorizedAccessException or JsonException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            ? new LabException($"the responder does not answer: {exception.Message}", LabFailure.Unavailable, exception)
            : null;

    /// <summary>A fault in words.</summary>
    public static string FaultWords(FaultKind kind) =>
        JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString()).Replace('-', ' ');
}
