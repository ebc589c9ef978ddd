using Microsoft.AspNetCore.Http.HttpResults;
using OcspLab.Ocsp;

namespace OcspLab.Responder;

/// <summary>What people and scripts do to the responder: register, revoke, restore, list, count, stop and start.</summary>
internal static class AdminApi
{
    /// <summary>Asks for the token before anything of a request is read; health alone needs none.</summary>
    public static void UseAdminToken(this IApplicationBuilder app, AdminToken token) => app.Use(async (context, next) =>
    {
        if (context.Request.Path.Value is "/health" or "/alive" || token.Allows(context.Request))
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        await TypedResults.Problem("Send the token of the admin-token file as 'Authorization: Bearer …'.", statusCode: StatusCodes.Status401Unauthorized).ExecuteAsync(context).ConfigureAwait(false);
    });

    public static void MapAdminApi(this IEndpointRouteBuilder api)
    {
        api.MapGet("/certificates", (ICertificateRegistry registry, CancellationToken cancellationToken) => registry.ListAsync(cancellationToken));
        api.MapPost("/certificates", RegisterAsync);
        api.MapPost("/certificates/{which}/revoke", RevokeAsync);
        api.MapPost("/certificates/{which}/restore", RestoreAsync);
        api.MapGet("/requests", (ResponderMetrics metrics) => metrics.Counts);
        api.MapGet("/listener", (OcspListener listener) => ListenerState.Of(listener));
        api.MapPost("/listener/stop", async (OcspListener listener, CancellationToken cancellationToken) =>
        {
            await listener.StopAsync(cancellationToken).ConfigureAwait(false);
            return ListenerState.Of(listener);
        });
        api.MapPost("/listener/start", async (OcspListener listener, CancellationToken cancellationToken) =>
        {
            await listener.StartAsync(cancellationToken).ConfigureAwait(false);
            return ListenerState.Of(listener);
        });
    }

    private static async Task<Results<Created<RegisteredCertificate>, ProblemHttpResult>> RegisterAsync(NewCertificate body, ICertificateRegistry registry, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(body.Name) || !IsSerial(body.SerialNumber))
            return TypedResults.Problem("'name' and 'serialNumber' (1 to 20 octets in hexadecimal) are needed.", statusCode: StatusCodes.Status400BadRequest);
        var certificate = new RegisteredCertificate(body.Name, body.SerialNumber.ToLowerInvariant(), clock.GetUtcNow(), body.NotAfter);
        await registry.RegisterAsync(certificate, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"/certificates/{certificate.SerialNumber}", certificate);
    }

    private static async Task<Results<Ok<RegisteredCertificate>, ProblemHttpResult>> RevokeAsync(string which, string? reason, ICertificateRegistry registry, CancellationToken cancellationToken)
    {
        if (!Enum.TryParse<RevocationReason>(reason ?? nameof(RevocationReason.Unspecified), ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
            return TypedResults.Problem($"'{reason}' is not a reason; one of {string.Join(", ", Enum.GetNames<RevocationReason>())}.", statusCode: StatusCodes.Status400BadRequest);
        return await registry.RevokeAsync(which, parsed, cancellationToken).ConfigureAwait(false) is { } certificate ? TypedResults.Ok(certificate) : NotFound(which);
    }

    private static async Task<Results<Ok<RegisteredCertificate>, ProblemHttpResult>> RestoreAsync(string which, ICertificateRegistry registry, CancellationToken cancellationToken) =>
        await registry.RestoreAsync(which, cancellationToken).ConfigureAwait(false) is { } certificate ? TypedResults.Ok(certificate) : NotFound(which);

    private static ProblemHttpResult NotFound(string which) =>
        TypedResults.Problem($"No certificate has the name or serial '{which}'.", statusCode: StatusCodes.Status404NotFound);

    // RFC 5280 §4.1.2.2: at most 20 octets.
    private static bool IsSerial(string? text) =>
        text is { Length: > 0 and <= 40 } && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit);

    private sealed record NewCertificate(string? Name, string SerialNumber, DateTimeOffset NotAfter);
}

/// <summary>Whether the OCSP port is open.</summary>
/// <param name="State"><c>started</c> or <c>stopped</c>.</param>
/// <param name="Url">Where it listens, or null.</param>
public sealed record ListenerState(string State, string? Url)
{
    internal static ListenerState Of(OcspListener listener) => listener.Url is { } url ? new("started", url.ToString()) : new("stopped", null);
}
