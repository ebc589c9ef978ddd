using System.Security.Cryptography;
using System.Text;

namespace OcspLab.LabConsole.Access;

/// <summary>
/// What the printed address lets in with, what a browser that came with it is known by afterwards, and the path that
/// the page lies under. Browsers send cookies to every port of a machine: under a path that nobody else knows, none
/// goes to another user's server.
/// </summary>
internal sealed class LoginToken
{
    private readonly byte[] _cookie;
    private readonly byte[] _token;

    /// <summary>Takes a token, or makes one of 192 random bits.</summary>
    public LoginToken(string? token)
    {
        Value = token is { Length: > 0 } ? token : RandomNumberGenerator.GetHexString(48, lowercase: true);
        _token = Encoding.UTF8.GetBytes(Value);
        Cookie = RandomNumberGenerator.GetHexString(64, lowercase: true);
        _cookie = Encoding.UTF8.GetBytes(Cookie);
        Path = $"/{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
    }

    /// <summary>For the address.</summary>
    public string Value { get; }

    /// <summary>For the browser.</summary>
    public string Cookie { get; }

    /// <summary>What every address of the page begins with.</summary>
    public string Path { get; }

    /// <summary>Whether an address has it; takes as long whatever is wrong.</summary>
    public bool IsToken(string? given) => Equals(_token, given);

    /// <summary>Whether a browser has it.</summary>
    public bool IsCookie(string? given) => Equals(_cookie, given);

    private static bool Equals(byte[] known, string? given) =>
        given is not null && CryptographicOperations.FixedTimeEquals(known, Encoding.UTF8.GetBytes(given));
}
