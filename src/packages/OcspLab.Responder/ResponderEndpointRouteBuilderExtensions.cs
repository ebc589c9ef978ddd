using OcspLab.Responder.Responding;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Puts the responder on a port.</summary>
public static class ResponderEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Answers OCSP over GET and POST on every path (RFC 6960 appendix A). Needs <c>AddOcspResponder</c>.
    /// </summary>
    public static void MapOcspResponder(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        endpoints.Map("/{**request}", endpoints.ServiceProvider.GetRequiredService<OcspRequestHandler>().HandleAsync);
    }
}
