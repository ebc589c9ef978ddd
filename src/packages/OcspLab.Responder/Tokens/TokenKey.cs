using System.Collections.Concurrent;
using System.Security.Cryptography;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;
using ISession = Net.Pkcs11Interop.HighLevelAPI.ISession;

namespace OcspLab.Responder.Tokens;

/// <summary>
/// A private key in a token and sessions to sign with it, as many as sign at once. A token that was lost is looked for
/// again at the next signature. Thread-safe.
/// </summary>
/// <param name="uri">Which key.</param>
internal sealed class TokenKey(Pkcs11Uri uri) : IDisposable
{
    private readonly Lock _finding = new();
    private readonly TokenModule _module = TokenModule.Of(uri.ModulePath);
    private volatile OpenToken? _token;

    /// <summary>Signs by a mechanism.</summary>
    /// <exception cref="CryptographicException">
    /// The token, or the key in it, is not there; or it does not sign. The message names the token.
    /// </exception>
    public byte[] Sign(CKM mechanism, byte[] data)
    {
        // Sessions end when a token is pulled out or its module is started anew, and then others are opened; and some
        // modules find a token again only after they were started anew.
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return _module.Use(library => Find(library).Sign(mechanism, data));
            }
            catch (Exception exception) when (exception is Pkcs11Exception or IOException or ObjectDisposedException)
            {
                if (attempt < MostAttempts && (Forget() || _module.TryRestart()))
                    continue;
                throw new CryptographicException(
                    $"the token '{uri.Token}' of {uri.ModulePath}: {Say(exception)}",
                    exception
                );
            }
        }
    }

    public void Dispose() => Forget();

    private bool Forget() =>
        _module.Hold(() =>
        {
            lock (_finding)
            {
                var had = _token is not null;
                _token?.Dispose();
                _token = null;
                return had;
            }
        });

    private OpenToken Find(IPkcs11Library library)
    {
        if (_token is { } open && open.Library == library)
            return open;
        lock (_finding)
        {
            // Another key's trouble may have had the module started anew.
            if (_token is { } outdated && outdated.Library != library)
            {
                outdated.Dispose();
                _token = null;
            }

            return _token ??= OpenToken.Open(library, uri);
        }
    }

    private const int MostAttempts = 3;

    private static string Say(Exception exception) =>
        exception is Pkcs11Exception { RV: var code, Method: var method } ? $"{method} says {code}" : exception.Message;

    /// <summary>A token that was found, logged in to, with the key's handle.</summary>
    private sealed class OpenToken : IDisposable
    {
        private readonly ConcurrentBag<ISession> _idle = [];
        private readonly ISlot _slot;
        private readonly ISession _login;
        private readonly IObjectHandle _key;

        private OpenToken(IPkcs11Library library, ISlot slot, ISession login, IObjectHandle key)
        {
            Library = library;
            (_slot, _login, _key) = (slot, login, key);
        }

        /// <summary>The module as it was started when the token was found.</summary>
        public IPkcs11Library Library { get; }

        /// <exception cref="IOException">There is no such token or key, or the PIN cannot be read.</exception>
        /// <exception cref="Pkcs11Exception">The module says no.</exception>
        public static OpenToken Open(IPkcs11Library library, Pkcs11Uri uri)
        {
            var slot = library
                .GetSlotList(SlotsType.WithTokenPresent)
                .FirstOrDefault(slot => Fits(slot.GetTokenInfo(), uri))
                ?? throw new IOException("there is no such token");
            var login = slot.OpenSession(SessionType.ReadOnly);
            try
            {
                if (uri.PinFile is { } file)
                    LogIn(login, file);
                var attributes = login.Factories.ObjectAttributeFactory;
                List<IObjectAttribute> wanted = [attributes.Create(CKA.CKA_CLASS, CKO.CKO_PRIVATE_KEY)];
                if (uri.Label is { } label)
                    wanted.Add(attributes.Create(CKA.CKA_LABEL, label));
                if (uri.Id is { } id)
                    wanted.Add(attributes.Create(CKA.CKA_ID, id));
                return login.FindAllObjects(wanted) switch
                {
                    [var key] => new OpenToken(library, slot, login, key),
                    [] => throw new IOException($"there is no private key '{uri.Label}' in it"),
                    var keys => throw new IOException($"{keys.Count} private keys are called '{uri.Label}'"),
                };
            }
            catch
            {
                login.Dispose();
                throw;
            }
        }

        public byte[] Sign(CKM mechanism, byte[] data)
        {
            // A session does one thing at a time.
            if (!_idle.TryTake(out var session))
                session = _slot.OpenSession(SessionType.ReadOnly);
            try
            {
                using var way = session.Factories.MechanismFactory.Create(mechanism);
                var signature = session.Sign(way, _key, data);
                _idle.Add(session);
                return signature;
            }
            catch
            {
                Close(session);
                throw;
            }
        }

        public void Dispose()
        {
            while (_idle.TryTake(out var session))
                Close(session);
            Close(_login);
        }

        private static void Close(ISession session)
        {
            try
            {
                session.Dispose();
            }
            catch (Exception exception) when (exception is Pkcs11Exception or ObjectDisposedException)
            {
                // It has ended already.
            }
        }

        private static bool Fits(ITokenInfo token, Pkcs11Uri uri) =>
            (uri.Token is null || token.Label.TrimEnd() == uri.Token)
            && (uri.TokenSerial is null || token.SerialNumber.TrimEnd() == uri.TokenSerial);

        private static void LogIn(ISession session, string file)
        {
            string? pin;
            try
            {
                pin = File.ReadLines(file).FirstOrDefault();
            }
            catch (UnauthorizedAccessException exception)
            {
                throw new IOException(exception.Message, exception);
            }

            try
            {
                session.Login(CKU.CKU_USER, pin ?? "");
            }
            catch (Pkcs11Exception exception) when (exception.RV == CKR.CKR_USER_ALREADY_LOGGED_IN)
            {
                // By another key of the same token: the login is the process's.
            }
        }
    }
}
