using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace OcspLab.Responder.Admin;

/// <summary>The admin API's OpenAPI description.</summary>
internal static class AdminDocument
{
    public const string Path = "/openapi/v1.json";

    public static void Describe(OpenApiOptions options) =>
        options.AddDocumentTransformer(
            (document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "OCSP responder, admin API",
                    Version = "v1",
                    Description =
                        "On loopback only. Every call but health and this document needs the token of the "
                        + "admin-token file.",
                };
                document.Components ??= new OpenApiComponents();
                document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
                {
                    [Scheme] = new OpenApiSecurityScheme
                    {
                        Type = SecuritySchemeType.Http,
                        Scheme = "bearer",
                        Description = "The first line of the admin-token file.",
                    },
                };
                document.Security =
                [
                    new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] },
                ];
                return Task.CompletedTask;
            }
        );

    private const string Scheme = "token";
}
