using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Auditing;

/// <summary>
/// Who changed what, when, in a file to which lines are only appended. Each line begins with the SHA-256 of the hash
/// before it and its own text, so that nobody changes or takes out a line without changing all that follow.
/// Thread-safe.
/// </summary>
public sealed class AuditLog : IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly TimeProvider _clock;
    private FileStream _file;
    private FileIdentity _identity;
    private string? _link;
    private string _hash;
    private long _number;

    /// <summary>Opens the file, making it with mode 0600 when it is missing, and reads on from its last line.</summary>
    /// <exception cref="IOException">It cannot be used, or its chain is broken; the message says where.</exception>
    public AuditLog(string path, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _clock = clock;
        try
        {
            var check = Check(path);
            if (check.Fault is { } fault)
                throw new IOException($"{path}: {fault}. Put the file away and a new one is begun.");
            (_number, _hash) = (check.Entries, check.Hash);
            _path = Path.GetFullPath(path);
            (_file, _identity) = Open(_path, FileMode.Append);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    /// <summary>Appends an entry; on disk when it returns.</summary>
    /// <param name="who">Who did it.</param>
    /// <param name="what">What was done.</param>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Append(string who, string what)
    {
        lock (_lock)
        {
            FollowFile();
            if (_link is { } link)
            {
                AppendNext("responder", link);
                _link = null;
            }

            AppendNext(who, what);
        }
    }

    // What was moved away, by whoever keeps the logs or by somebody else, is no place for what comes after.
    private void FollowFile()
    {
        if (FileIdentity.Of(_path) == _identity)
            return;
        var (number, hash) = (_number, _hash);
        try
        {
            // logrotate may have made it already; what somebody has written there is not overwritten.
            if (new FileInfo(_path) is { Exists: true, Length: > 0 })
                throw new IOException($"{_path} is another file than the one that was begun, and not empty");
            var (file, identity) = Open(_path, FileMode.Append);
            _file.Dispose();
            (_file, _identity, _number, _hash) = (file, identity, 0, Beginning);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException(exception.Message, exception);
        }

        _link = $"goes on after entry {number} of a file that was moved away, hash {hash}";
    }

    private static (FileStream File, FileIdentity Identity) Open(string path, FileMode mode)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.Write,
            Share = FileShare.Read,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return (new FileStream(path, options), FileIdentity.Of(path));
    }

    private void AppendNext(string who, string what)
    {
        var text = JsonSerializer.Serialize(new AuditEntry(_number + 1, _clock.GetUtcNow(), who, what), Json);
        var hash = Chain(_hash, text);
        _file.Write(Encoding.UTF8.GetBytes($"{hash} {text}\n"));
        _file.Flush(flushToDisk: true);
        (_number, _hash) = (_number + 1, hash);
    }

    /// <summary>Reads a log through, and says where it is broken.</summary>
    /// <param name="path">The file; one that is missing has no entries.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static AuditCheck Check(string path)
    {
        var (hash, number) = (Beginning, 0L);
        foreach (var line in File.Exists(path) ? ReadLines(path) : [])
        {
            if (line.Split(' ', 2) is not [var said, var text] || said != Chain(hash, text))
                return new AuditCheck(number, hash, $"line {number + 1} is not what was written");
            if (Read(text)?.Number != number + 1)
                return new AuditCheck(number, hash, $"line {number + 1} has another number");
            (hash, number) = (said, number + 1);
        }

        return new AuditCheck(number, hash, null);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    // While another writes.
    private static IEnumerable<string> ReadLines(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } line)
            yield return line;
    }

    private static AuditEntry? Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<AuditEntry>(text, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Chain(string before, string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(before + text)));

    private static readonly string Beginning = new('0', 64);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        // A line is a line, whatever is in it; and people read it.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };
}

/// <summary>An entry of the log.</summary>
/// <param name="Number">Counts from 1.</param>
/// <param name="At">When.</param>
/// <param name="Who">Who.</param>
/// <param name="What">What.</param>
public sealed record AuditEntry(long Number, DateTimeOffset At, string Who, string What);

/// <summary>What a log was found to be.</summary>
/// <param name="Entries">How many entries there are, as far as they are what was written.</param>
/// <param name="Hash">The hash of the last of them: kept elsewhere, it shows whether the end was cut off.</param>
/// <param name="Fault">Where the chain is broken, or null.</param>
public sealed record AuditCheck(long Entries, string Hash, string? Fault);
