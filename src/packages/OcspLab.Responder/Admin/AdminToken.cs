using System.Security.Cryptography;
using System.Text;

namespace OcspLab.Responder.Admin;

/// <summary>The secret that the admin API asks for, kept in a file with mode 0600.</summary>
public sealed class AdminToken
{
    private readonly byte[] _expected;

    private AdminToken(string value)
    {
        Value = value;
        _expected = Encoding.UTF8.GetBytes($"Bearer {value}");
    }

    /// <summary>The token itself.</summary>
    public string Value { get; }

    /// <summary>Reads the file, making it with a random token when it is missing.</summary>
    /// <exception cref="IOException">It cannot be read or made, or <see cref="Load"/> refuses it.</exception>
    public static AdminToken LoadOrCreate(string path)
    {
        if (!File.Exists(path))
            Create(path);
        return Load(path);
    }

    /// <summary>Reads the file.</summary>
    /// <exception cref="IOException">
    /// It cannot be read, others than its owner may read or write it, or the token is shorter than 32 characters.
    /// </exception>
    public static AdminToken Load(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            throw new IOException(
                $"{path} can be read or written by others. 'chmod 600' it, or delete it and a new token is made."
            );
        var value = File.ReadLines(path).FirstOrDefault()?.Trim();
        if (string.IsNullOrEmpty(value))
            throw new IOException($"{path} is empty. Delete it and a new token is made.");
        return value.Length < ShortestToken
            ? throw new IOException(
                $"The token in {path} has {value.Length} characters, and can be guessed; at least {ShortestToken} are "
                    + "needed. Delete the file and a new token is made."
            )
            : new AdminToken(value);
    }

    // Whole or not there: who looks for it must not find it half written.
    private static void Create(string path)
    {
        var unfinished = $"{path}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(unfinished, options))
            writer.WriteLine(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        try
        {
            File.Move(unfinished, path);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was quicker; its token counts.
            File.Delete(unfinished);
        }
    }

    internal bool Allows(HttpRequest request) =>
        CryptographicOperations.FixedTimeEquals(
            _expected,
            Encoding.UTF8.GetBytes(request.Headers.Authorization.ToString())
        );

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    // 128 bits in hexadecimal.
    private const int ShortestToken = 32;
}
