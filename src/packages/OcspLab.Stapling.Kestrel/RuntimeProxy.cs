using System.Net;

namespace OcspLab.Stapling.Kestrel;

/// <summary>
/// Stands before <see cref="HttpClient.DefaultProxy"/>, which the runtime's own fetching of staples goes through, and sends its questions about
/// certificates of this process to <see cref="RuntimeQuestions"/>. One a process, for good: the runtime keeps the first proxy that it sees.
/// </summary>
internal sealed class RuntimeProxy : IWebProxy
{
    private static readonly Lock Gate = new();
    private static RuntimeProxy? _instance;

    private readonly IWebProxy _former;
    private volatile RuntimeQuestions[] _open = [];

    private RuntimeProxy(IWebProxy former) => _former = former;

    /// <summary>The proxy of everybody else.</summary>
    public static IWebProxy Former => Volatile.Read(ref _instance)?._former ?? HttpClient.DefaultProxy;

    public ICredentials? Credentials
    {
        get => _former.Credentials;
        set => _former.Credentials = value;
    }

    /// <summary>From now on the runtime's questions go there, if it is about one of its certificates.</summary>
    public static void Add(RuntimeQuestions questions)
    {
        lock (Gate)
        {
            if (_instance is null)
            {
                Volatile.Write(ref _instance, new RuntimeProxy(HttpClient.DefaultProxy));
                HttpClient.DefaultProxy = _instance!;
            }

            _instance!._open = [.. _instance._open, questions];
        }
    }

    public static void Remove(RuntimeQuestions questions)
    {
        lock (Gate)
        {
            if (_instance is { } instance)
                instance._open = [.. instance._open.Where(other => other != questions)];
        }
    }

    public Uri? GetProxy(Uri destination) => Find(destination)?.Address ?? _former.GetProxy(destination);

    public bool IsBypassed(Uri host) => Find(host) is null && _former.IsBypassed(host);

    private RuntimeQuestions? Find(Uri destination) => Array.Find(_open, questions => questions.Recognise(destination) is not null);
}

/// <summary>The default proxy as it would be without <see cref="RuntimeProxy"/>, for those who ask responders in earnest.</summary>
internal sealed class FormerProxy : IWebProxy
{
    public static FormerProxy Instance { get; } = new();

    public ICredentials? Credentials
    {
        get => RuntimeProxy.Former.Credentials;
        set => RuntimeProxy.Former.Credentials = value;
    }

    public Uri? GetProxy(Uri destination) => RuntimeProxy.Former.GetProxy(destination);

    public bool IsBypassed(Uri host) => RuntimeProxy.Former.IsBypassed(host);
}
