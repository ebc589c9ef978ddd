using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Stapling.Storage;

/// <summary>
/// One file a certificate, <c>SHA-256.der</c>: a bare response that other tools read as well; beside it
/// <c>SHA-256.issuer.der</c> where the issuer's certificate had to be downloaded. Written whole or not at all. It
/// blocks while it reads and writes, as files do.
/// </summary>
internal sealed class DirectoryStapleStore(string directory) : IStapleStore
{
    // Processes of one machine may use the same directory; that each asks for itself costs less than leases would.
    public bool IsShared => false;

    /// <summary>
    /// Where staples are kept when nothing else is said; null where the system has no place for that. It need not exist
    /// yet, as in a container that nobody has logged in to.
    /// </summary>
    public static string? DefaultDirectory(Func<string, string?> environment)
    {
        // systemd gives several directories separated by colons; the first is the service's main one.
        var state = environment("STATE_DIRECTORY")?.Split(':')[0];
        var home = string.IsNullOrEmpty(state)
            ? Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData,
                Environment.SpecialFolderOption.DoNotVerify
            )
            : state;
        return string.IsNullOrEmpty(home) ? null : Path.Combine(home, "ocsp-staples");
    }

    /// <summary>Writes something, and removes it again.</summary>
    /// <returns>Why that is not possible, or null.</returns>
    public string? FindObstacle()
    {
        try
        {
            Create();
            var probe = Path.Combine(directory, $".{Path.GetRandomFileName()}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }

    /// <summary>Makes the directory, readable by its owner alone.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public void Create()
    {
        if (OperatingSystem.IsWindows())
            System.IO.Directory.CreateDirectory(directory);
        else
            System.IO.Directory.CreateDirectory(
                directory,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
    }

    public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Read(PathOf(certificate)));

    public ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken)
    {
        Write(PathOf(certificate), staple.Encoded.Span);
        return ValueTask.CompletedTask;
    }

    public ValueTask<byte[]?> LoadIssuerAsync(string certificate, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Read(IssuerPathOf(certificate)));

    public ValueTask SaveIssuerAsync(
        string certificate,
        ReadOnlyMemory<byte> issuer,
        CancellationToken cancellationToken
    )
    {
        Write(IssuerPathOf(certificate), issuer.Span);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Removes responses that have expired, also those of certificates that the server has no more, and what a process
    /// left half written when it was killed. What is not this store's own is left alone.
    /// </summary>
    public ValueTask SweepAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!System.IO.Directory.Exists(directory))
            return ValueTask.CompletedTask;
        foreach (var file in System.IO.Directory.EnumerateFiles(directory))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (IsOver(file, now))
                    File.Delete(file);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Another user's, or another process was faster; the next ones are looked at all the same.
            }
        }

        return ValueTask.CompletedTask;
    }

    private static bool IsOver(string file, DateTimeOffset now)
    {
        var name = Path.GetFileName(file);
        if (name.StartsWith('.'))
            return IsKey(name.Split('.')[1]) && now - File.GetLastWriteTimeUtc(file) > HalfWritten;
        var parts = name.Split('.');
        if (!IsKey(parts[0]) || parts[^1] != "der")
            return false;
        if (parts is [_, "issuer", _])
            return !File.Exists(Path.Combine(Path.GetDirectoryName(file)!, $"{parts[0]}.der"))
                && now - File.GetLastWriteTimeUtc(file) > Unused;
        return parts.Length == 2 && now - File.GetLastWriteTimeUtc(file) > HalfWritten && IsExpired(file, now);
    }

    private static bool IsExpired(string file, DateTimeOffset now) =>
        Read(file) is not { } bytes
        || !OcspResponse.TryDecode(bytes, out var response, out _)
        || response.Basic is not { } basic
        || basic.Responses.All(single => (single.NextUpdate ?? single.ThisUpdate + Unused) + Grace < now);

    private static bool IsKey(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    private static byte[]? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        using var file = File.OpenRead(path);
        if (file.Length > OcspResponse.MaximumLength)
            throw new InvalidDataException($"{path} has {file.Length} bytes");
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private void Write(string path, ReadOnlySpan<byte> bytes)
    {
        Create();
        // In the same directory, so that the rename is one step; on disk before the rename, so that a crash leaves the
        // old or the new one.
        var temporary = Path.Combine(directory, $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using (var file = new FileStream(temporary, options))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private string PathOf(string certificate) => Path.Combine(directory, certificate + ".der");

    private string IssuerPathOf(string certificate) => Path.Combine(directory, certificate + ".issuer.der");

    // Another process's clock may be behind this one's.
    private static readonly TimeSpan Grace = TimeSpan.FromDays(1);
    private static readonly TimeSpan HalfWritten = TimeSpan.FromHours(1);
    private static readonly TimeSpan Unused = TimeSpan.FromDays(30);
}
