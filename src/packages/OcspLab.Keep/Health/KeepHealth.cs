using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using OcspLab.Keep.Keeping;
using OcspLab.Stapling.Status;

namespace OcspLab.Keep.Health;

/// <summary>How all certificates are, for people and monitoring.</summary>
internal sealed class KeepHealth(Keeper keeper, TimeProvider clock)
{
    /// <summary>As of now.</summary>
    public KeepReport Report()
    {
        var now = clock.GetUtcNow();
        var certificates = keeper.Certificates.Select(kept => Describe(kept, now)).ToList();
        return new KeepReport(
            keeper.ReloadFault is null && certificates.All(kept => kept.IsHealthy),
            keeper.ReloadFault,
            certificates
        );
    }

    /// <summary>200 where all is well, else 503; JSON.</summary>
    public async Task WriteAsync(HttpContext http)
    {
        var report = Report();
        http.Response.StatusCode = report.IsHealthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-store";
        await JsonSerializer
            .SerializeAsync(http.Response.Body, report, KeepJson.Default.KeepReport, http.RequestAborted)
            .ConfigureAwait(false);
    }

    private static KeptReport Describe(KeptCertificate kept, DateTimeOffset now)
    {
        StapleState? state = kept.Status is { } status ? StapleHealth.StateOf(status, now) : null;
        return new KeptReport(
            kept.Name,
            state?.ToTag() ?? "waiting",
            kept.Given?.ExpiresAt,
            kept.Status?.NextRefresh,
            kept.Fault,
            kept.Status?.LastDetail
        )
        {
            IsHealthy = kept.Fault is null && state is StapleState.Good or StapleState.NotNeeded,
        };
    }
}

/// <summary>How all certificates are.</summary>
/// <param name="IsHealthy">Whether nothing is wrong.</param>
/// <param name="ReloadFault">Why servers could not be made to read their files again, or null.</param>
/// <param name="Certificates">Each of them.</param>
internal sealed record KeepReport(bool IsHealthy, string? ReloadFault, IReadOnlyList<KeptReport> Certificates);

/// <summary>How one certificate is.</summary>
/// <param name="Name">Its name in the settings.</param>
/// <param name="State">good, late, missing, revoked, not_needed; or waiting, before its first look.</param>
/// <param name="Until">The end of the staple that servers have, or null.</param>
/// <param name="NextRefresh">When its responder is asked next, or null.</param>
/// <param name="Fault">What is wrong on this side, or null.</param>
/// <param name="Detail">What came of the last question, or null.</param>
internal sealed record KeptReport(
    string Name,
    string State,
    DateTimeOffset? Until,
    DateTimeOffset? NextRefresh,
    string? Fault,
    string? Detail
)
{
    [JsonIgnore]
    public bool IsHealthy { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(KeepReport))]
internal sealed partial class KeepJson : JsonSerializerContext;
