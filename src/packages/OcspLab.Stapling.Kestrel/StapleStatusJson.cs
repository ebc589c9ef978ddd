using System.Text.Json;
using System.Text.Json.Serialization;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Kestrel;

/// <summary>The status of one certificate as the endpoint spells it. Instants in UTC, durations in seconds.</summary>
internal sealed partial record StapleStatusJson
{
    public required string Certificate { get; init; }
    public required string Subject { get; init; }
    public required string Thumbprint { get; init; }
    public required string SerialNumber { get; init; }
    public required string State { get; init; }
    public required bool MustStaple { get; init; }
    public required bool InUse { get; init; }
    public required string Source { get; init; }
    public required IReadOnlyList<string> Urls { get; init; }
    public required string? Status { get; init; }
    public required DateTimeOffset? ThisUpdate { get; init; }
    public required DateTimeOffset? NextUpdate { get; init; }
    public required DateTimeOffset? ExpiresAt { get; init; }
    public required long? SecondsLeft { get; init; }
    public required string? Signer { get; init; }
    public required DateTimeOffset? LastRefresh { get; init; }
    public required string LastOutcome { get; init; }
    public required string? LastDetail { get; init; }
    public required string? Obstacle { get; init; }
    public required int Failures { get; init; }
    public required DateTimeOffset? NextRefresh { get; init; }

    public static StapleStatusJson From(StapleStatus status, DateTimeOffset now)
    {
        // What a handshake would be given now, not what is merely held.
        var staple = status.Staple is { } held && held.ExpiresAt > now ? held : null;
        return new StapleStatusJson
        {
            Certificate = status.Certificate,
            Subject = status.Subject,
            Thumbprint = status.Thumbprint,
            SerialNumber = status.SerialNumber,
            State = StapleHealth.StateOf(status, now).ToTag(),
            MustStaple = status.IsMustStaple,
            InUse = status.IsInUse,
            Source = status.Source.ToString().ToLowerInvariant(),
            Urls = [.. status.Urls.Select(url => url.AbsoluteUri)],
            Status = staple?.Status.Kind.ToString().ToLowerInvariant(),
            ThisUpdate = staple?.ThisUpdate,
            NextUpdate = staple?.NextUpdate,
            ExpiresAt = staple?.ExpiresAt,
            SecondsLeft = staple is null ? null : (long)(staple.ExpiresAt - now).TotalSeconds,
            Signer = staple?.Signer,
            LastRefresh = status.LastRefresh,
            LastOutcome = status.LastOutcome.ToTag(),
            LastDetail = status.LastDetail,
            Obstacle = status.Obstacle,
            Failures = status.Failures,
            NextRefresh = status.NextRefresh,
        };
    }

    [JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
    [JsonSerializable(typeof(StapleStatusJson[]))]
    internal sealed partial class Context : JsonSerializerContext;
}
