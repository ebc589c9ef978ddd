namespace OcspLab.Responder.Sources;

/// <summary>
/// The index.txt of <c>openssl ca</c>, read again when it changes. While it cannot be read, what it said is still said
/// for a moment, because it is replaced by renaming; then clients are told to try later.
/// </summary>
public sealed class IndexFileSource : IStatusSource, ICertificateList
{
    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly FileWatch _watch;
    private volatile OpenSslIndex _index;
    private volatile string? _fault;
    private long _faultySince;

    /// <summary>Reads the file.</summary>
    /// <exception cref="IOException">
    /// It cannot be read, or is no index.txt; the message names the file and the line.
    /// </exception>
    public IndexFileSource(string path, TimeProvider clock)
    {
        _path = Path.GetFullPath(path);
        _clock = clock;
        _watch = new FileWatch(_path);
        _index = Load();
    }

    /// <summary>Never raised: nothing is changed through this object.</summary>
    public event Action<string?>? Changed
    {
        add { }
        remove { }
    }

    /// <summary>How many certificates it knows.</summary>
    public int Count => _index.Count;

    /// <inheritdoc/>
    public ValueTask<SourceStatus?> FindAsync(string serialNumber, CancellationToken cancellationToken)
    {
        ThrowIfGone();
        return ValueTask.FromResult(_index.Find(serialNumber));
    }

    /// <inheritdoc/>
    public ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken)
    {
        // A fault is looked at again each time: the file may have been half written.
        if (!_watch.HasChanged() && _fault is null)
            return ValueTask.FromResult(SourceChanges.None);
        try
        {
            var index = Load();
            // Who writes in place begins with nothing; a list that had certificates does not end with none.
            if (index.Count == 0 && _index.Count > 0)
                throw new IOException($"{_path} is empty, and named {_index.Count} certificates before");
            var changes = SourceChanges.Of(_index.DifferencesTo(index));
            _index = index;
            _fault = null;
            return ValueTask.FromResult(changes);
        }
        catch (IOException exception)
        {
            if (_fault is null)
                Volatile.Write(ref _faultySince, _clock.GetTimestamp());
            _fault = exception.Message;
            ThrowIfGone();
            return ValueTask.FromResult(SourceChanges.None);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyCollection<string>> ListSerialNumbersAsync(CancellationToken cancellationToken)
    {
        ThrowIfGone();
        return ValueTask.FromResult(_index.ValidAt(_clock.GetUtcNow()));
    }

    private void ThrowIfGone()
    {
        if (_fault is { } fault && _clock.GetElapsedTime(Volatile.Read(ref _faultySince)) > FaultTolerance)
            throw new IOException(fault);
    }

    private OpenSslIndex Load()
    {
        try
        {
            using var text = new StreamReader(_path);
            return OpenSslIndex.TryParse(text, out var index, out var fault)
                ? index
                : throw new IOException($"{_path} is not an index.txt of 'openssl ca': {fault}");
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    // A rename takes no time; an editor that writes in place takes little.
    private static readonly TimeSpan FaultTolerance = TimeSpan.FromSeconds(5);
}
