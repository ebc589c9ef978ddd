using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Faults;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Admin;

/// <summary>Faults on demand, where the settings allow them.</summary>
internal static class FaultApi
{
    public static void MapFaultApi(this IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup("/faults").AddEndpointFilter(RefuseUnlessEnabledAsync);
        api.MapGet("", (FaultPlan plan) => plan.List()).WithSummary("The faults in force, oldest first.");
        api.MapPost("", AddAsync).WithSummary($"Put a fault in force. Kinds: {Kinds}.");
        api.MapDelete("", (FaultPlan plan) => new FaultsRemoved(plan.Remove(null)))
            .WithSummary("Take all faults back.");
        api.MapDelete(
                "/{id:long}",
                Results<Ok<FaultsRemoved>, ProblemHttpResult> (long id, FaultPlan plan) =>
                    plan.Remove(id) is > 0 and var count
                        ? TypedResults.Ok(new FaultsRemoved(count))
                        : AdminApi.Problem(StatusCodes.Status404NotFound, $"There is no fault {id}.")
            )
            .WithSummary("Take a fault back.");
    }

    private static async ValueTask<object?> RefuseUnlessEnabledAsync(
        EndpointFilterInvocationContext context,
        EndpointFilterDelegate next
    ) =>
        context.HttpContext.RequestServices.GetRequiredService<IOptions<ResponderServiceOptions>>().Value.Faults
        == FaultInjection.DangerousOn
            ? await next(context).ConfigureAwait(false)
            : AdminApi.Problem(
                StatusCodes.Status403Forbidden,
                "This responder does not misbehave on demand. "
                    + $"{ResponderOptions.Section}:{nameof(ResponderServiceOptions.Faults)}="
                    + $"{nameof(FaultInjection.DangerousOn)} lets it."
            );

    private static async Task<Results<Created<Fault>, ProblemHttpResult>> AddAsync(
        NewFault body,
        FaultPlan plan,
        FaultySigners signers,
        AuthorityDirectory authorities,
        CancellationToken cancellationToken
    )
    {
        if (
            Enum.GetValues<FaultKind>()
                .Cast<FaultKind?>()
                .FirstOrDefault(known => string.Equals(known.ToString(), body.Kind, StringComparison.OrdinalIgnoreCase))
            is not { } kind
        )
            return Refuse($"'{body.Kind}' is not a kind of fault; one of {Kinds}.");
        if (body.Requests is < 1)
            return Refuse("'requests' is 1 or more.");
        if (!TryRead(body.For, TimeSpan.FromDays(30), out var lasting))
            return Refuse("'for' is a time such as 00:05:00, at most 30 days.");
        if (!TryRead(body.Duration, TimeSpan.FromHours(1), out var duration))
            return Refuse("'duration' is a time such as 00:00:02, at most an hour.");
        try
        {
            if (!signers.Has(kind))
                return Refuse(
                    $"{ResponderOptions.Section}:{nameof(ResponderServiceOptions.FaultSigners)} names no "
                        + $"certificate for {body.Kind}."
                );
        }
        catch (InvalidOperationException exception)
        {
            return Refuse(exception.Message);
        }

        var serial = body.Certificate;
        if (serial is not null)
        {
            serial = await FindAsync(serial, authorities, cancellationToken).ConfigureAwait(false);
            if (serial is null)
                return AdminApi.Problem(
                    StatusCodes.Status404NotFound,
                    $"No certificate has the name or serial '{body.Certificate}'."
                );
        }

        var fault = plan.Add(new FaultOrder(kind, serial, body.Requests, lasting, duration));
        return TypedResults.Created($"/faults/{fault.Id}", fault);
    }

    private static async Task<string?> FindAsync(
        string nameOrSerial,
        AuthorityDirectory authorities,
        CancellationToken cancellationToken
    )
    {
        foreach (var authority in authorities.All)
        {
            if (
                SerialNumbers.Normalize(nameOrSerial) is { } serial
                && await authority.Source.FindAsync(serial, cancellationToken).ConfigureAwait(false) is not null
            )
                return serial;
            if (
                authority.Source is ICertificateRegistry registry
                && (await registry.ListAsync(cancellationToken).ConfigureAwait(false)).LastOrDefault(certificate =>
                    certificate.Name == nameOrSerial
                )
                    is { } named
            )
                return named.SerialNumber;
        }

        return null;
    }

    private static bool TryRead(string? text, TimeSpan longest, out TimeSpan? time)
    {
        time = null;
        if (text is null)
            return true;
        if (
            !TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var read)
            || read <= TimeSpan.Zero
            || read > longest
        )
            return false;
        time = read;
        return true;
    }

    private static ProblemHttpResult Refuse(string why) => AdminApi.Problem(StatusCodes.Status400BadRequest, why);

    private static string Kinds =>
        string.Join(", ", Enum.GetNames<FaultKind>().Select(JsonNamingPolicy.CamelCase.ConvertName));

    /// <summary>A fault to be put in force; times as .NET writes them, 00:00:02.</summary>
    internal sealed record NewFault(string? Kind, string? Certificate, int? Requests, string? For, string? Duration);

    /// <summary>How many faults were taken back.</summary>
    internal sealed record FaultsRemoved(int Removed);
}
