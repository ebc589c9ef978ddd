using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Admin;

/// <summary>
/// The tokens that the admin API takes: one for everything and, where there is one, another that only reads. A file
/// that was changed counts from then on, which is how a token is replaced; one that cannot be used changes nothing.
/// Thread-safe.
/// </summary>
internal sealed class AdminTokens
{
    private readonly Lock _lock = new();
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly (string Path, FileWatch Watch)? _all;
    private readonly (string Path, FileWatch Watch)? _read;
    private readonly Dictionary<string, string> _refused = [];
    private AdminToken? _allToken;
    private AdminToken? _readToken;
    private long _lookedAt;

    /// <exception cref="IOException">A token cannot be used.</exception>
    public AdminTokens(string file, string? readFile, TimeProvider clock, ILogger logger)
    {
        _clock = clock;
        _logger = logger;
        // Watched before it is read: what is written in between counts at the next look.
        (_all, _allToken) = Begin(file);
        if (readFile is not null)
            (_read, _readToken) = Begin(readFile);
        _lookedAt = clock.GetTimestamp();
    }

    private static ((string, FileWatch), AdminToken) Begin(string file)
    {
        if (!File.Exists(file))
            AdminToken.LoadOrCreate(file);
        var watch = new FileWatch(file);
        return ((file, watch), AdminToken.LoadOrCreate(file));
    }

    /// <summary>What a request may do, or null for nothing.</summary>
    public AdminRight? RightOf(HttpRequest request)
    {
        lock (_lock)
        {
            if (_clock.GetElapsedTime(_lookedAt) >= LookInterval)
            {
                _lookedAt = _clock.GetTimestamp();
                _allToken = Renewed(_all, _allToken);
                _readToken = Renewed(_read, _readToken);
            }

            if (_allToken!.Allows(request))
                return AdminRight.Change;
            return _readToken is not null && _readToken.Allows(request) ? AdminRight.Read : null;
        }
    }

    private AdminToken? Renewed((string Path, FileWatch Watch)? file, AdminToken? token)
    {
        if (file is not { } known)
            return token;
        // One that was refused is looked at again: a change of its mode leaves its time as it was.
        var wasRefused = _refused.TryGetValue(known.Path, out var why);
        if (!known.Watch.HasChanged() && !wasRefused)
            return token;
        try
        {
            var renewed = AdminToken.Load(known.Path);
            _refused.Remove(known.Path);
            _logger.AdminTokenReplaced(known.Path);
            return renewed;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (exception.Message != why)
                _logger.AdminTokenRefused(known.Path, exception.Message);
            _refused[known.Path] = exception.Message;
            return token;
        }
    }

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
}

/// <summary>What a token allows.</summary>
internal enum AdminRight
{
    /// <summary>Whatever does not change anything.</summary>
    Read,

    /// <summary>Everything.</summary>
    Change,
}
