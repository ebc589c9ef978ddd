using System.Collections;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using OcspLab.Aspire.Hosting.ApplicationModel;
using OcspLab.Lab;
using OcspLab.Lab.Commands;
using OcspLab.Ocsp.Responses;
using OcspLab.Pki;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Faults;

namespace OcspLab.Aspire.Hosting.Stapling;

/// <summary>What the dashboard, the <c>aspire</c> command and tests can do to a responder.</summary>
internal static class ResponderCommands
{
    /// <summary>Revokes a certificate.</summary>
    public const string Revoke = "revoke";

    /// <summary>Takes that back.</summary>
    public const string Restore = "restore";

    /// <summary>Begins a fault, or closes the port.</summary>
    public const string Misbehave = "misbehave";

    /// <summary>Ends every fault, and opens the port.</summary>
    public const string Heal = "heal";

    /// <summary>Makes the OCSP signer anew.</summary>
    public const string RenewSigner = "renew-signer";

    /// <summary>The argument of <see cref="Revoke"/> and <see cref="Restore"/>.</summary>
    public const string Certificate = "certificate";

    /// <summary>The argument of <see cref="Misbehave"/>.</summary>
    public const string Fault = "fault";

    /// <summary>The fault that is none of the responder's: nobody listens.</summary>
    public const string ClosedPort = "closedPort";

    /// <summary>Adds them.</summary>
    public static IResourceBuilder<OcspResponderResource> WithResponderCommands(
        this IResourceBuilder<OcspResponderResource> responder
    )
    {
        var authority = responder.Resource.Authority;
        return responder
            .With(
                Revoke,
                "Revoke",
                new CommandOptions
                {
                    Description = "Says from now on that a certificate is revoked (keyCompromise).",
                    IconName = "Prohibited",
                    IsHighlighted = true,
                    Arguments = [CertificateChoice(authority)],
                },
                async (admin, arguments, cancellationToken) =>
                {
                    var name = arguments.GetString(Certificate) ?? "";
                    var revoked = await admin
                        .RevokeAsync(name, RevocationReason.KeyCompromise, cancellationToken)
                        .ConfigureAwait(false);
                    return revoked is null ? throw Unknown(name) : $"{name} is revoked";
                }
            )
            .With(
                Restore,
                "Restore",
                new CommandOptions
                {
                    Description = "Says from now on that a certificate is good.",
                    IconName = "ArrowUndo",
                    IsHighlighted = true,
                    Arguments = [CertificateChoice(authority)],
                },
                async (admin, arguments, cancellationToken) =>
                {
                    var name = arguments.GetString(Certificate) ?? "";
                    var restored = await admin.RestoreAsync(name, cancellationToken).ConfigureAwait(false);
                    return restored is null ? throw Unknown(name) : $"{name} is good";
                }
            )
            .With(
                Misbehave,
                "Misbehave",
                new CommandOptions
                {
                    Description = "Answers wrongly, late or not at all, until it is healed.",
                    IconName = "Bug",
                    Arguments = [FaultChoice()],
                },
                MisbehaveAsync
            )
            .With(
                Heal,
                "Heal",
                new CommandOptions
                {
                    Description = "Ends every fault, and opens the OCSP port.",
                    IconName = "HeartPulse",
                },
                async (admin, _, cancellationToken) =>
                {
                    await admin.RemoveFaultsAsync(null, cancellationToken).ConfigureAwait(false);
                    await admin.StartAsync(cancellationToken).ConfigureAwait(false);
                    return "no faults are left, and the OCSP port is open";
                }
            )
            .With(
                RenewSigner,
                "Renew the signer",
                new CommandOptions
                {
                    Description = "Makes the OCSP signer anew, as happens by itself when a third of its life is left.",
                    IconName = "ArrowSync",
                },
                (_, _, _) =>
                {
                    authority.Pki.ReplaceOcspSigner();
                    return Task.FromResult("the signer is a new one; the responder takes it within seconds");
                }
            );
    }

    private static async Task<string> MisbehaveAsync(
        ResponderAdminClient admin,
        InteractionInputCollection arguments,
        CancellationToken cancellationToken
    )
    {
        var chosen = arguments.GetString(Fault) ?? "";
        if (chosen == ClosedPort)
        {
            await admin.StopAsync(cancellationToken).ConfigureAwait(false);
            return "the OCSP port is closed";
        }

        if (!Enum.TryParse<FaultKind>(chosen, ignoreCase: true, out var kind) || !Enum.IsDefined(kind))
            throw new LabException($"there is no fault '{chosen}'", LabFailure.Usage);
        await admin.AddFaultAsync(new FaultOrder(kind), cancellationToken).ConfigureAwait(false);
        return $"the responder misbehaves: {LabCommands.FaultName(kind)}";
    }

    private static IResourceBuilder<OcspResponderResource> With(
        this IResourceBuilder<OcspResponderResource> responder,
        string name,
        string title,
        CommandOptions options,
        Func<ResponderAdminClient, InteractionInputCollection, CancellationToken, Task<string>> run
    ) => responder.WithCommand(name, title, context => RunAsync(responder.Resource.Authority, context, run), options);

    private static async Task<ExecuteCommandResult> RunAsync(
        CertificateAuthorityResource authority,
        ExecuteCommandContext context,
        Func<ResponderAdminClient, InteractionInputCollection, CancellationToken, Task<string>> run
    )
    {
        try
        {
            using var admin = new ResponderAdminClient(
                authority.Topology.AdminUrl,
                AdminToken.Load(authority.Topology.AdminTokenFile)
            );
            return CommandResults.Success(
                await run(admin, context.Arguments, context.CancellationToken).ConfigureAwait(false)
            );
        }
        catch (Exception exception) when (exception is LabException or PkiException)
        {
            return CommandResults.Failure(exception.Message);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException or UnauthorizedAccessException or JsonException
                || (exception is OperationCanceledException && !context.CancellationToken.IsCancellationRequested)
            )
        {
            return CommandResults.Failure($"the responder does not answer: {exception.Message}");
        }
    }

    // The choice is the same object for every call; certificates may be ordered after the responder was added.
    private static InteractionInput CertificateChoice(CertificateAuthorityResource authority) =>
        new()
        {
            Name = Certificate,
            Label = "Certificate",
            InputType = InputType.Choice,
            Required = true,
            Options = new CertificateNames(authority),
        };

    private static InteractionInput FaultChoice() =>
        new()
        {
            Name = Fault,
            Label = "Fault",
            InputType = InputType.Choice,
            Required = true,
            Options =
            [
                KeyValuePair.Create(ClosedPort, "The OCSP port is closed"),
                .. Enum.GetValues<FaultKind>()
                    .Select(kind => KeyValuePair.Create(LabCommands.FaultName(kind), LabCommands.FaultWords(kind))),
            ],
        };

    /// <summary>An authority's certificates, those among them that are ordered later.</summary>
    private sealed class CertificateNames(CertificateAuthorityResource authority)
        : IReadOnlyList<KeyValuePair<string, string>>
    {
        public int Count => authority.Orders.Count;

        public KeyValuePair<string, string> this[int index] => Of(authority.Orders[index]);

        public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => authority.Orders.Select(Of).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private static KeyValuePair<string, string> Of(CertificateOrder order) =>
            KeyValuePair.Create(
                order.Name,
                order.HostNames.Count > 0 ? $"{order.Name} ({order.HostNames[0]})" : order.Name
            );
    }

    private static LabException Unknown(string name) => new($"there is no certificate '{name}'", LabFailure.Usage);
}
