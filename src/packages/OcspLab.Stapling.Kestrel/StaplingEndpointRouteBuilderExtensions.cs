using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Stapling.Kestrel;
using OcspLab.Stapling.Status;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Shows what is stapled, over HTTP.</summary>
public static class StaplingEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps <c>GET pattern</c> (the status as JSON), <c>POST pattern/refresh</c> and <c>POST
    /// pattern/refresh/THUMBPRINT</c> (ask now; the status afterwards). Protect it like any endpoint that is not for
    /// everybody, for example with <c>RequireAuthorization</c> or <c>RequireHost</c>: a refresh makes the server ask
    /// its responders.
    /// </summary>
    /// <param name="endpoints">The application's endpoints.</param>
    /// <param name="pattern">The route.</param>
    public static RouteGroupBuilder MapOcspStaplingStatus(
        this IEndpointRouteBuilder endpoints,
        string pattern = "/ocsp-stapling"
    )
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var group = endpoints.MapGroup(pattern);
        group.MapGet("", (HttpContext context) => Show(context, Status(context).Staples));
        group.MapPost(
            "/refresh",
            async (HttpContext context, CancellationToken cancellationToken) =>
                Show(context, await Status(context).RefreshAsync(null, cancellationToken).ConfigureAwait(false))
        );
        group.MapPost(
            "/refresh/{thumbprint}",
            async (HttpContext context, string thumbprint) =>
                await Status(context).RefreshAsync(thumbprint, context.RequestAborted).ConfigureAwait(false)
                    is { Count: > 0 } staples
                    ? Show(context, staples)
                    : Results.Problem(
                        $"No certificate has the SHA-256 thumbprint '{thumbprint}'.",
                        statusCode: StatusCodes.Status404NotFound
                    )
        );
        return group;
    }

    private static IStaplingStatus Status(HttpContext context) =>
        context.RequestServices.GetRequiredService<IStaplingStatus>();

    private static IResult Show(HttpContext context, IReadOnlyList<StapleStatus> staples)
    {
        var now = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(
            staples.Select(staple => StapleStatusJson.From(staple, now)).ToArray(),
            StapleStatusJson.Context.Default.StapleStatusJsonArray
        );
    }
}
