using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;

namespace OcspLab.Responder.Tokens;

/// <summary>
/// A PKCS#11 module of this process, loaded once for all keys in it. Some find a token that was lost only after they
/// were started anew, which nobody may sign through meanwhile. Thread-safe.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A module lives as long as the process.")]
internal sealed class TokenModule
{
    private static readonly Lock Loading = new();
    private static readonly Dictionary<string, TokenModule> Modules = [];
    private readonly ReaderWriterLockSlim _using = new();
    private readonly string _path;
    private IPkcs11Library? _library;
    private long _startedAt = long.MinValue;

    // Pkcs11Interop asks for "libdl" by the name that only developers' packages have; glibc has had it in itself since
    // 2.34, and keeps libdl.so.2.
    static TokenModule()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(Pkcs11InteropFactories).Assembly, (name, _, _) =>
                name == "libdl" && NativeLibrary.TryLoad("libdl.so.2", out var library) ? library : IntPtr.Zero
            );
        }
        catch (InvalidOperationException)
        {
            // The application has one of its own.
        }
    }

    private TokenModule(string path) => _path = path;

    /// <summary>The module of a file; it is loaded when it is first used.</summary>
    public static TokenModule Of(string path)
    {
        lock (Loading)
        {
            return Modules.TryGetValue(path, out var known) ? known : Modules[path] = new TokenModule(path);
        }
    }

    /// <summary>Does something through the module.</summary>
    /// <exception cref="IOException">It cannot be loaded.</exception>
    /// <exception cref="Pkcs11Exception">It says no.</exception>
    public T Use<T>(Func<IPkcs11Library, T> work)
    {
        if (Volatile.Read(ref _library) is null)
            Start();
        return Hold(() => work(_library ?? throw new IOException("it is being started anew")));
    }

    /// <summary>Does something while it is not started anew.</summary>
    public T Hold<T>(Func<T> work)
    {
        _using.EnterReadLock();
        try
        {
            return work();
        }
        finally
        {
            _using.ExitReadLock();
        }
    }

    /// <summary>
    /// Starts it anew, unless that was done a moment ago. Sessions of all its keys end; they open others.
    /// </summary>
    /// <returns>Whether it was.</returns>
    public bool TryRestart()
    {
        _using.EnterWriteLock();
        try
        {
            if (Environment.TickCount64 - _startedAt < LeastInterval.TotalMilliseconds)
                return false;
            _startedAt = Environment.TickCount64;
            try
            {
                _library?.Dispose();
            }
            catch (Exception exception) when (exception is Pkcs11Exception or ObjectDisposedException)
            {
                // It has ended already.
            }

            _library = null;
        }
        finally
        {
            _using.ExitWriteLock();
        }

        return true;
    }

    private void Start()
    {
        _using.EnterWriteLock();
        try
        {
            if (_library is not null)
                return;
            var factories = new Pkcs11InteropFactories();
            _library = factories.Pkcs11LibraryFactory.LoadPkcs11Library(factories, _path, AppType.MultiThreaded);
            _startedAt = Environment.TickCount64;
        }
        catch (Exception exception)
            when (exception is UnmanagedException or DllNotFoundException or BadImageFormatException)
        {
            throw new IOException($"it cannot be loaded: {exception.Message}", exception);
        }
        finally
        {
            _using.ExitWriteLock();
        }
    }

    private static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(2);
}
