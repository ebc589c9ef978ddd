using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Auditing;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Journal;
using OcspLab.Responder.Listening;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Sources;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Responder.Admin;

/// <summary>
/// What people and scripts do to the responder: register, revoke, restore, list, count, read the journal, stop and
/// start.
/// </summary>
internal static class AdminApi
{
    /// <summary>
    /// Asks for a token before anything of a request is read; health and the API's own description need none. What
    /// changes something is put into the audit log before it is done, and how it went after.
    /// </summary>
    public static void UseAdminToken(this IApplicationBuilder app, AdminTokens tokens, AuditLog? audit) =>
        app.Use(
            async (context, next) =>
            {
                var request = context.Request;
                var isRead = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
                if (request.Path.Value is "/health" or "/alive" or AdminDocument.Path)
                    await next(context).ConfigureAwait(false);
                else if (tokens.RightOf(request) is not { } right)
                    await Problem(
                            StatusCodes.Status401Unauthorized,
                            "Send the token of the admin-token file as 'Authorization: Bearer …'."
                        )
                        .ExecuteAsync(context)
                        .ConfigureAwait(false);
                else if (isRead)
                    await next(context).ConfigureAwait(false);
                else if (right == AdminRight.Read)
                    await Problem(StatusCodes.Status403Forbidden, "This token only reads.")
                        .ExecuteAsync(context)
                        .ConfigureAwait(false);
                else
                    await ChangeAsync(context, next, audit).ConfigureAwait(false);
            }
        );

    private static async Task ChangeAsync(HttpContext context, RequestDelegate next, AuditLog? audit)
    {
        var who = $"admin {context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";
        var what = $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}";
        try
        {
            audit?.Append(who, what);
        }
        catch (IOException exception)
        {
            await Problem(
                    StatusCodes.Status503ServiceUnavailable,
                    $"Nothing was changed, because the audit log cannot be written: {exception.Message}"
                )
                .ExecuteAsync(context)
                .ConfigureAwait(false);
            return;
        }

        await next(context).ConfigureAwait(false);
        try
        {
            var about = context.Items.TryGetValue(Changed, out var serial) ? $", serial number {serial}" : "";
            audit?.Append(who, $"{what} → {context.Response.StatusCode}{about}");
        }
        catch (IOException exception)
        {
            // It is made, and that it was asked for is recorded.
            context.RequestServices.GetRequiredService<ILogger<AuditLog>>().AuditFailed(exception.Message);
        }
    }

    public static void MapAdminApi(this IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup("").AddEndpointFilter(TellOfStorageAsync);
        api.MapGet("/certificates", ListAsync).WithSummary("Every certificate of an authority, newest last.");
        api.MapPost("/certificates", RegisterAsync).WithSummary("Register a certificate that the authority issued.");
        api.MapPost("/certificates/import", ImportAsync)
            .WithSummary($"Register up to {MostImported} at once, all of them or none; what comes revoked is revoked.");
        api.MapPost("/certificates/purge", PurgeAsync).WithSummary("Remove certificates that expired before a time.");
        api.MapPost("/certificates/{which}/revoke", RevokeAsync)
            .WithSummary(
                "Revoke by name or serial number. When this answers 200 the revocation is on disk and in the next "
                    + "OCSP answer."
            );
        api.MapPost("/certificates/{which}/restore", RestoreAsync).WithSummary("Take a revocation back.");
        api.MapGet("/requests", (ResponderMetrics metrics) => metrics.Counts)
            .WithSummary("How OCSP requests were answered since the start.");
        api.MapGet("/journal", (JournalMemory journal, long? after) => journal.Since(after ?? 0))
            .WithSummary("The latest OCSP requests after a number, oldest first.");
        api.MapGet("/status", (AuthorityDirectory authorities, ResponseCache cache, TimeProvider clock) =>
                ResponderStatus.Of(authorities, cache, clock)
            )
            .WithSummary("The authorities, their signers and sources.");
        api.MapGet("/listener", (OcspListener listener) => ListenerState.Of(listener))
            .WithSummary("Whether the OCSP port is open.");
        api.MapPost("/listener/stop", async (OcspListener listener, CancellationToken cancellationToken) =>
            {
                await listener.StopAsync(cancellationToken).ConfigureAwait(false);
                return ListenerState.Of(listener);
            })
            .WithSummary("Close the OCSP port.");
        api.MapPost("/listener/start", async (OcspListener listener, CancellationToken cancellationToken) =>
            {
                await listener.StartAsync(cancellationToken).ConfigureAwait(false);
                return ListenerState.Of(listener);
            })
            .WithSummary("Open the OCSP port.");
        api.MapFaultApi();
    }

    /// <summary>A refusal with its reason (RFC 9457).</summary>
    public static ProblemHttpResult Problem(int status, string detail) =>
        TypedResults.Problem(detail, statusCode: status);

    // A change that could not be stored was not made; the next attempt may succeed.
    private static async ValueTask<object?> TellOfStorageAsync(
        EndpointFilterInvocationContext context,
        EndpointFilterDelegate next
    )
    {
        try
        {
            return await next(context).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            return Problem(StatusCodes.Status503ServiceUnavailable, exception.Message);
        }
    }

    private static Task<Results<Ok<IReadOnlyList<RegisteredCertificate>>, ProblemHttpResult>> ListAsync(
        string? authority,
        AuthorityDirectory authorities,
        CancellationToken cancellationToken
    ) =>
        OnAsync<IReadOnlyList<RegisteredCertificate>>(authorities, authority, async registry =>
            TypedResults.Ok(await registry.ListAsync(cancellationToken).ConfigureAwait(false))
        );

    private static async Task<Results<Created<RegisteredCertificate>, ProblemHttpResult>> RegisterAsync(
        NewCertificate body,
        string? authority,
        AuthorityDirectory authorities,
        TimeProvider clock,
        [FromServices] AuditLog? audit,
        CancellationToken cancellationToken
    )
    {
        if (
            string.IsNullOrWhiteSpace(body.Name)
            || body.Name.Length > LongestName
            || SerialNumbers.Normalize(body.SerialNumber) is not { } serial
        )
            return Problem(
                StatusCodes.Status400BadRequest,
                $"'name' (at most {LongestName} characters) and 'serialNumber' (1 to 20 octets in hexadecimal) "
                    + "are needed."
            );
        if (body.NotAfter == default)
            return Problem(
                StatusCodes.Status400BadRequest,
                "'notAfter', the end of the certificate's validity, is needed."
            );
        if (authorities.FindRegistry(authority, out var fault) is not { } registry)
            return Problem(StatusCodes.Status400BadRequest, fault);
        var certificate = new RegisteredCertificate(body.Name, serial, clock.GetUtcNow(), body.NotAfter);
        audit?.Append("admin", $"register {serial} as '{body.Name}' until {body.NotAfter:u}");
        await registry.RegisterAsync(certificate, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"/certificates/{certificate.SerialNumber}", certificate);
    }

    private static Task<Results<Ok<ImportResult>, ProblemHttpResult>> ImportAsync(
        IReadOnlyList<RegisteredCertificate> body,
        string? authority,
        AuthorityDirectory authorities,
        TimeProvider clock,
        [FromServices] AuditLog? audit,
        CancellationToken cancellationToken
    ) => OnAsync<ImportResult>(authorities, authority, async registry =>
        {
            var now = clock.GetUtcNow();
            var certificates = new List<RegisteredCertificate>();
            if (body.Count > MostImported)
                return Problem(StatusCodes.Status400BadRequest, $"At most {MostImported} certificates at once.");
            foreach (var certificate in body)
            {
                if (FaultOf(certificate, now) is { } fault)
                    return Problem(
                        StatusCodes.Status400BadRequest,
                        $"Certificate {certificates.Count + 1}, '{certificate.SerialNumber}': {fault}"
                    );
                certificates.Add(
                    certificate with
                    {
                        SerialNumber = SerialNumbers.Normalize(certificate.SerialNumber)!,
                        IssuedAt = certificate.IssuedAt == default ? now : certificate.IssuedAt,
                    }
                );
            }

            foreach (var certificate in certificates)
                audit?.Append(
                    "admin",
                    $"import {certificate.SerialNumber} as '{certificate.Name}'"
                        + $"{(certificate.RevokedAt is { } at ? $", revoked {at:u} {certificate.Reason}" : "")}"
                );
            return TypedResults.Ok(await registry.ImportAsync(certificates, cancellationToken).ConfigureAwait(false));
        });

    private static string? FaultOf(RegisteredCertificate certificate, DateTimeOffset now)
    {
        if (string.IsNullOrWhiteSpace(certificate.Name) || certificate.Name.Length > LongestName)
            return $"a name of at most {LongestName} characters is needed.";
        if (SerialNumbers.Normalize(certificate.SerialNumber) is null)
            return "a serial number has 1 to 20 octets in hexadecimal.";
        if (certificate.NotAfter == default)
            return "'notAfter', the end of its validity, is needed.";
        if (certificate.Reason is { } reason && !Reasons.Contains(reason))
            return $"'{reason}' is not a reason.";
        return certificate.RevokedAt > now || certificate.InvalidSince > now
            ? "'revokedAt' and 'invalidSince' are not in the future."
            : null;
    }

    private static Task<Results<Ok<PurgeResult>, ProblemHttpResult>> PurgeAsync(
        DateTimeOffset expiredBefore,
        string? authority,
        AuthorityDirectory authorities,
        TimeProvider clock,
        CancellationToken cancellationToken
    ) =>
        OnAsync<PurgeResult>(authorities, authority, async registry =>
            expiredBefore > clock.GetUtcNow()
                ? Problem(
                    StatusCodes.Status400BadRequest,
                    "'expiredBefore' is in the future: certificates that are still used would be unknown."
                )
                : TypedResults.Ok(
                    new PurgeResult(await registry.PurgeAsync(expiredBefore, cancellationToken).ConfigureAwait(false))
                )
        );

    private static Task<Results<Ok<RegisteredCertificate>, ProblemHttpResult>> RevokeAsync(
        string which,
        string? reason,
        DateTimeOffset? at,
        DateTimeOffset? invalidSince,
        string? authority,
        HttpContext http,
        AuthorityDirectory authorities,
        TimeProvider clock,
        CancellationToken cancellationToken
    ) => OnAsync<RegisteredCertificate>(authorities, authority, async registry =>
        {
            if (ReasonOf(reason) is not { } why)
                return Problem(
                    StatusCodes.Status400BadRequest,
                    $"'{reason}' is not a reason; one of {string.Join(", ", Reasons)}."
                );
            var now = clock.GetUtcNow();
            if (at > now || invalidSince > now)
                return Problem(StatusCodes.Status400BadRequest, "'at' and 'invalidSince' are not in the future.");
            var revocation = new Revocation(why) { At = at, InvalidSince = invalidSince };
            return Found(
                http,
                which,
                await ChangeAsync(which, name => registry.RevokeAsync(name, revocation, cancellationToken))
                    .ConfigureAwait(false)
            );
        });

    private static Task<Results<Ok<RegisteredCertificate>, ProblemHttpResult>> RestoreAsync(
        string which,
        string? authority,
        HttpContext http,
        AuthorityDirectory authorities,
        CancellationToken cancellationToken
    ) =>
        OnAsync<RegisteredCertificate>(authorities, authority, async registry =>
            Found(
                http,
                which,
                await ChangeAsync(which, name => registry.RestoreAsync(name, cancellationToken)).ConfigureAwait(false)
            )
        );

    private static async Task<Results<Ok<T>, ProblemHttpResult>> OnAsync<T>(
        AuthorityDirectory authorities,
        string? authority,
        Func<ICertificateRegistry, Task<Results<Ok<T>, ProblemHttpResult>>> work
    ) =>
        authorities.FindRegistry(authority, out var fault) is { } registry
            ? await work(registry).ConfigureAwait(false)
            : Problem(StatusCodes.Status400BadRequest, fault);

    private static Results<Ok<RegisteredCertificate>, ProblemHttpResult> Found(
        HttpContext http,
        string which,
        RegisteredCertificate? certificate
    )
    {
        if (certificate is null)
            return Problem(StatusCodes.Status404NotFound, $"No certificate has the name or serial '{which}'.");
        // A name may be that of several: the audit log says which it was.
        http.Items[Changed] = certificate.SerialNumber;
        return TypedResults.Ok(certificate);
    }

    // By name first, as it is; else as a serial number, however it was written.
    private static async Task<RegisteredCertificate?> ChangeAsync(
        string which,
        Func<string, Task<RegisteredCertificate?>> change
    )
    {
        // Routing leaves a slash as it was escaped, and index.txt has names that begin with one.
        which = which.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        return await change(which).ConfigureAwait(false)
            ?? (
                SerialNumbers.Normalize(which) is { } serial && serial != which
                    ? await change(serial).ConfigureAwait(false)
                    : null
            );
    }

    private static readonly object Changed = new();

    // Names only: a number, or several names with commas between them, is not a reason.
    private static RevocationReason? ReasonOf(string? text) =>
        Reasons
            .Cast<RevocationReason?>()
            .FirstOrDefault(reason =>
                string.Equals(
                    reason.ToString(),
                    text ?? nameof(RevocationReason.Unspecified),
                    StringComparison.OrdinalIgnoreCase
                )
            );

    // removeFromCRL takes a certificate off a delta CRL (RFC 5280 §5.3.1): nothing is revoked by it.
    private static IEnumerable<RevocationReason> Reasons =>
        Enum.GetValues<RevocationReason>().Where(reason => reason != RevocationReason.RemoveFromCrl);

    private const int LongestName = 200;
    private const int MostImported = 1000;

    /// <summary>How many were removed.</summary>
    internal sealed record PurgeResult(int Removed);

    /// <summary>A certificate to be registered.</summary>
    internal sealed record NewCertificate(string? Name, string? SerialNumber, DateTimeOffset NotAfter);
}
