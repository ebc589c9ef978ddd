namespace OcspLab.Lab.Health;

/// <summary>HTTP within this machine: a proxy has no business between its programs.</summary>
internal static class LoopbackClient
{
    /// <summary>The one for all checks.</summary>
    public static HttpClient Instance { get; } =
        new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
}
