using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OcspLab.Comparison.Fleets;

/// <summary>What a trial came to.</summary>
/// <param name="Sites">How many sites there were.</param>
/// <param name="Clients">How many clients shook hands at once.</param>
/// <param name="Duration">How long it was.</param>
/// <param name="Good">Handshakes with a verified <em>good</em>.</param>
/// <param name="WithoutStaple">Handshakes without a staple.</param>
/// <param name="Wrong">Handshakes with anything else: expired, not to be verified, revoked before it was.</param>
/// <param name="NoHandshake">Connections that came to no handshake, by what was said of them.</param>
/// <param name="Spread">
/// From when one site was told to ask about the revoked certificate to the first time that all staple the revocation;
/// null where that was not seen.
/// </param>
/// <param name="Events">What was done to the fleet.</param>
public sealed record FleetReport(
    int Sites,
    int Clients,
    TimeSpan Duration,
    int Good,
    int WithoutStaple,
    int Wrong,
    IReadOnlyList<FleetFailure> NoHandshake,
    TimeSpan? Spread,
    IReadOnlyList<FleetEvent> Events
)
{
    /// <summary>Whether no handshake went without its staple, and all have learned of the revocation.</summary>
    [JsonIgnore]
    public bool IsFlawless => Good > 0 && WithoutStaple == 0 && Wrong == 0 && Spread is not null;

    /// <summary>As a program reads it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>As people read it.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var (name, value) in Rows)
            text.AppendLine(CultureInfo.InvariantCulture, $"{name, -16}{value}");
        return text.ToString();
    }

    /// <summary>The same as rows of a table.</summary>
    [JsonIgnore]
    public IReadOnlyList<(string Name, string Value)> Rows =>
        [
            ("sites", $"{Sites} behind HAProxy, staples in Redis; two responders on PostgreSQL"),
            ("load", $"{Clients} clients for {Duration.TotalSeconds:0} s"),
            ("killed", string.Join(", ", Killed())),
            ("good", Number(Good, "handshakes")),
            ("without staple", Number(WithoutStaple)),
            ("wrong staple", Number(Wrong)),
            ("no handshake", Number(NoHandshake.Sum(failure => failure.Count))),
            .. NoHandshake.Select(failure => ("", $"{Number(failure.Count)} times: {failure.Why}")),
            ("revocation", Spread is { } spread ? $"at every site after {spread.TotalMilliseconds:0} ms" : "not seen"),
        ];

    private static string Number(int count, string what = "") =>
        string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {what}").TrimEnd();

    private IEnumerable<string> Killed() =>
        Events
            .Where(happened => happened.What == "killed")
            .CountBy(happened => happened.Part)
            .Select(part => part.Value == 1 ? part.Key : $"{part.Key} ({part.Value} times)");

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}

/// <summary>Something that was done to a fleet.</summary>
/// <param name="At">When, from the beginning of the load.</param>
/// <param name="Part">To whom.</param>
/// <param name="What">What.</param>
public sealed record FleetEvent(TimeSpan At, string Part, string What);

/// <summary>Why a connection came to no handshake.</summary>
/// <param name="Why">What the client saw.</param>
/// <param name="Count">How often.</param>
public sealed record FleetFailure(string Why, int Count);
