using Microsoft.Extensions.Options;
using OcspLab.Responder.Settings;

namespace OcspLab.Responder.Presigning;

/// <summary>Where the settings say that answers outlive the process.</summary>
internal sealed class AnswerStore : IDisposable
{
    public AnswerStore(IOptions<ResponderOptions> options)
    {
        Shared = options.Value.AnswerDatabase is { } connection ? new PostgresAnswers(connection) : null;
        Any = options.Value.AnswerFolder is { } folder ? new AnswerFolder(folder) : Shared;
    }

    /// <summary>The store, or null for none.</summary>
    public IAnswerStore? Any { get; }

    /// <summary>The same where several responders have it together; else null.</summary>
    public PostgresAnswers? Shared { get; }

    public void Dispose() => Shared?.Dispose();
}
