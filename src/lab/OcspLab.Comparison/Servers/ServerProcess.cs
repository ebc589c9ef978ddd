using System.Globalization;
using OcspLab.Lab;
using OcspLab.Lab.Processes;

namespace OcspLab.Comparison.Servers;

/// <summary>One server, running in a place of its own; started as often as one likes.</summary>
internal sealed class ServerProcess(IStaplingServer server, ServerPlace place, TimeProvider clock) : IAsyncDisposable
{
    private LabProcess? _process;

    /// <summary>Where it runs.</summary>
    public ServerPlace Place => place;

    /// <summary>Why it is no longer there, or null while it is, or was never started.</summary>
    public string? Ending => _process?.Ending;

    /// <summary>Writes its configuration.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(place.Folder);
        var command = await server.PrepareAsync(place, cancellationToken).ConfigureAwait(false);
        _process = new LabProcess(server.Name, command, place.Port, place.Folder, clock);
    }

    /// <summary>Starts it; it may not listen yet.</summary>
    /// <exception cref="LabException">It cannot be started.</exception>
    public void Start() => _process!.Begin();

    /// <summary>
    /// Prepares and starts it, and waits until its port is open. Nobody shakes hands with it for that.
    /// </summary>
    /// <exception cref="LabException">It ended, or the port stayed closed.</exception>
    public async Task ListenAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken).ConfigureAwait(false);
        await _process!.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends it and starts it again.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await EndAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        Start();
    }

    /// <summary>It and its descendants, as far as they run.</summary>
    public IReadOnlyList<int> ReadFamily()
    {
        var children = Directory
            .EnumerateDirectories("/proc")
            .Select(path => Path.GetFileName(path))
            .Where(name => char.IsAsciiDigit(name[0]))
            .Select(name => (Parent: ReadParent(name), Id: int.Parse(name, CultureInfo.InvariantCulture)))
            .ToLookup(process => process.Parent, process => process.Id);
        var family = new List<int> { Id };
        for (var next = 0; next < family.Count; next++)
            family.AddRange(children[family[next]]);
        return family;
    }

    /// <summary>Ends it.</summary>
    public async Task EndAsync()
    {
        if (_process is { } process)
            await process.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await EndAsync().ConfigureAwait(false);

    private int Id => _process?.Id ?? throw new InvalidOperationException($"{server.Name} does not run.");

    // proc_pid_stat(5): the name in parentheses may hold anything, so everything is counted from its end; 4 is the
    // parent.
    private static int? ReadParent(string process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has just ended.
            return null;
        }
    }
}
