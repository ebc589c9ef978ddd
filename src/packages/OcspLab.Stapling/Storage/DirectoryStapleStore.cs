using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Stapling.Storage;

/// <summary>
/// One file a certificate, <c>SHA-256.der</c>: a bare response that other tools read as well. Written whole or not at
/// all.
/// </summary>
internal sealed class DirectoryStapleStore(string directory) : IStapleStore
{
    /// <summary>
    /// Where staples are kept when nothing else is said; null where the system has no place for that.
    /// </summary>
    public static string? DefaultDirectory(Func<string, string?> environment)
    {
        // systemd gives several directories separated by colons; the first is the service's main one.
        var state = environment("STATE_DIRECTORY")?.Split(':')[0];
        var home = string.IsNullOrEmpty(state)
            ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : state;
        return string.IsNullOrEmpty(home) ? null : Path.Combine(home, "ocsp-staples");
    }

    public async ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken)
    {
        var path = PathOf(certificate);
        if (!File.Exists(path))
            return null;
        using var file = File.OpenRead(path);
        if (file.Length > OcspResponse.MaximumLength)
            throw new InvalidDataException($"{path} has {file.Length} bytes");
        var bytes = new byte[file.Length];
        await file.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        return bytes;
    }

    public async ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken)
    {
        CreateDirectory();
        // In the same directory, so that the rename is one step; on disk before the rename, so that a crash leaves the
        // old or the new one.
        var temporary = Path.Combine(directory, $".{certificate}.{Path.GetRandomFileName()}");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Options = FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using (var file = new FileStream(temporary, options))
            {
                await file.WriteAsync(staple.Encoded, cancellationToken).ConfigureAwait(false);
                await file.FlushAsync(cancellationToken).ConfigureAwait(false);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, PathOf(certificate), overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private void CreateDirectory()
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(directory);
        else
            Directory.CreateDirectory(
                directory,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
    }

    private string PathOf(string certificate) => Path.Combine(directory, certificate + ".der");
}
