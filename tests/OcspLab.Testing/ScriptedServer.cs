using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OcspLab.Testing;

/// <summary>A real HTTP server on a free port that does what a test tells it to, and counts.</summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private int _requests;

    private ScriptedServer(WebApplication application) => _application = application;

    public Uri Url => new(_application.Urls.First());

    public int Requests => Volatile.Read(ref _requests);

    public Func<HttpContext, Task> Script { get; set; } = context => Task.CompletedTask;

    /// <param name="script">What it does; may be set later.</param>
    /// <param name="address">The address of this machine that it listens on.</param>
    public static async Task<ScriptedServer> StartAsync(
        Func<HttpContext, Task>? script = null,
        string address = "127.0.0.1"
    )
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://{address}:0");
        var application = builder.Build();
        var server = new ScriptedServer(application);
        if (script is not null)
            server.Script = script;
        application.Run(context =>
        {
            Interlocked.Increment(ref server._requests);
            return server.Script(context);
        });
        await application.StartAsync();
        return server;
    }

    /// <summary>A script that sends one OCSP response.</summary>
    public static Func<HttpContext, Task> Send(Func<byte[]> body, string contentType = "application/ocsp-response") =>
        async context =>
        {
            context.Response.ContentType = contentType;
            await context.Response.Body.WriteAsync(body());
        };

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
