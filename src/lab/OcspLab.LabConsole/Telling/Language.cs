using System.Globalization;
using OcspLab.Lab.Timelines;
using OcspLab.LabConsole.Acting;
using OcspLab.LabConsole.Watching;
using OcspLab.Responder.Faults;

namespace OcspLab.LabConsole.Telling;

/// <summary>All words of the page in one language.</summary>
public abstract class Language
{
    /// <summary>Those that there are.</summary>
    public static IReadOnlyList<Language> All { get; } = [new English(), new Chinese()];

    /// <summary>A language by its code (BCP 47), or English.</summary>
    public static Language Of(string? code) => All.FirstOrDefault(language => language.Code == code) ?? All[0];

    /// <summary>The code: <c>en</c>, <c>zh</c>.</summary>
    public abstract string Code { get; }

    /// <summary>What it calls itself.</summary>
    public abstract string Name { get; }

    /// <summary>A short text by its key.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public string this[string key] => Texts[key];

    /// <summary>What a server is.</summary>
    public string Who(string server) => Texts[server.StartsWith("site-", StringComparison.Ordinal) ? "site" : server];

    /// <summary>What a button says.</summary>
    public string Label(LabAction action) =>
        string.Format(
            CultureInfo.InvariantCulture,
            Texts[action.Label],
            [.. action.Values.Select(value => Enum.TryParse<FaultKind>(value, out var kind) ? Fault(kind) : value)]
        );

    /// <summary>A fault as events name it, in words.</summary>
    protected string FaultNamed(string name) =>
        Enum.TryParse<FaultKind>(name, ignoreCase: true, out var kind) ? Fault(kind) : name;

    /// <summary>Every key.</summary>
    public IEnumerable<string> Keys => Texts.Keys;

    /// <summary>What a client saw, in a few words.</summary>
    public abstract string Result(HandshakeResult result);

    /// <summary>How a server stands, as one sentence.</summary>
    public abstract string Sentence(string server, ServerSituation situation);

    /// <summary>What happened.</summary>
    public abstract string Event(LabEvent happened);

    /// <summary>How long.</summary>
    public abstract string Duration(TimeSpan duration);

    /// <summary>A way to misbehave.</summary>
    public abstract string Fault(FaultKind kind);

    /// <summary>A step of the walk.</summary>
    public abstract TourText Step(string name);

    /// <summary>The short texts.</summary>
    protected abstract IReadOnlyDictionary<string, string> Texts { get; }

    /// <summary>A time of day, in the time of whoever runs the lab.</summary>
    public static string Time(DateTimeOffset at) => at.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}

/// <summary>A step of the walk in words.</summary>
/// <param name="Title">What it is about.</param>
/// <param name="Do">What to do.</param>
/// <param name="Watch">What to watch for.</param>
/// <param name="Why">What it means, once it was seen.</param>
public sealed record TourText(string Title, string Do, string Watch, string Why);
