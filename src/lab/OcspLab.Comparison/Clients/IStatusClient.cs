using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Comparison.Clients;

/// <summary>A TLS client of somebody else, with one policy about the certificate's status.</summary>
internal interface IStatusClient
{
    /// <summary>One word, as <c>--clients</c> takes it.</summary>
    string Name { get; }

    /// <summary>Why it cannot be run here, or null.</summary>
    string? Missing { get; }

    /// <summary>How it was told to check the status.</summary>
    string Setting { get; }

    /// <summary>What it says of its version.</summary>
    Task<string> ReadVersionAsync(CancellationToken cancellationToken);

    /// <summary>Connects once, from nothing: no cache, no profile.</summary>
    Task<ClientReaction> ConnectAsync(ClientVisit visit, CancellationToken cancellationToken);
}

/// <summary>Where a client is to connect to.</summary>
/// <param name="Port">On 127.0.0.1, as <see cref="LabTopology.SiteHost"/>.</param>
/// <param name="RootFile">The root to trust, in PEM.</param>
/// <param name="ResponderPort">
/// The responder's, on 127.0.0.1, for clients that cannot be shown its name: it is their proxy then.
/// </param>
/// <param name="Folder">An empty folder of the client's own.</param>
internal sealed record ClientVisit(int Port, string RootFile, int ResponderPort, string Folder)
{
    /// <summary>The site's address.</summary>
    public Uri Page => new($"https://{LabTopology.SiteHost}:{Port}/");

    /// <summary>Runs a program whose home is the folder.</summary>
    public Task<CommandResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        CancellationToken cancellationToken
    ) => ChildProcess.RunAsync("env", [$"HOME={Folder}", program, .. arguments], Folder, cancellationToken);
}

/// <summary>What a client did.</summary>
/// <param name="Outcome">Whether it connected.</param>
/// <param name="Said">In its own words, if it had any.</param>
/// <param name="Picture">What it showed, as PNG, or null.</param>
internal sealed record ClientReaction(ClientOutcome Outcome, string Said, ReadOnlyMemory<byte>? Picture = null);
