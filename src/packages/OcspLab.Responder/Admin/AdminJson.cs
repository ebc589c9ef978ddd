using System.Text.Json;
using System.Text.Json.Serialization;

namespace OcspLab.Responder.Admin;

/// <summary>How both sides of the admin API write: camel case, enumerations by name.</summary>
internal static class AdminJson
{
    public static JsonSerializerOptions Options { get; } =
        Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        return options;
    }
}
