using System.Text.Json;
using System.Text.Json.Serialization;
using OcspLab.LabConsole.Watching;

namespace OcspLab.LabConsole.Reporting;

/// <summary>What was seen as JSON.</summary>
public static class HistoryJson
{
    /// <summary>Writes all that is remembered.</summary>
    public static byte[] Write(LabHistory history, DateTimeOffset now)
    {
        var from = now - ServerHistory.Memory;
        return JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                At = now,
                history.Began,
                Servers = history.Servers.Select(server => new
                {
                    server.Name,
                    server.Port,
                    Handshakes = server
                        .Since(from)
                        .Select(seen => new
                        {
                            seen.Number,
                            seen.At,
                            seen.Result,
                            seen.Reason,
                            Milliseconds = Math.Round(seen.Duration.TotalMilliseconds, 1),
                            seen.Showing?.Report.Staple.ThisUpdate,
                            seen.NextUpdate,
                        }),
                }),
                Events = history.EventsSince(from),
                Journal = history.JournalSince(from),
            },
            Options
        );
    }

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };
}
