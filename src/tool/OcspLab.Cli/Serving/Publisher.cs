using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Lab;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Listening;
using OcspLab.Responder.Presigning;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;

namespace OcspLab.Cli.Serving;

/// <summary>Keeps a folder of answers for a web server: the responder without its port.</summary>
public static class Publisher
{
    /// <summary>Publishes until it is cancelled, or once.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="authority">Whose answers.</param>
    /// <param name="validity">How long they last, or null for the default.</param>
    /// <param name="mode">Once, or on and on.</param>
    /// <param name="output">Is told how it goes, a line each time.</param>
    /// <param name="cancellationToken">The end.</param>
    /// <exception cref="LabException">A file cannot be used, or nothing can be signed.</exception>
    public static async Task RunAsync(
        string folder,
        AuthorityOptions authority,
        TimeSpan? validity,
        PublishMode mode,
        Action<string> output,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(authority);
        ArgumentNullException.ThrowIfNull(output);
        using var issuer = new IssuerFile(authority);
        authority.Presign = PresignMode.Listed;
        var answers = Path.Combine(folder, "answers");
        try
        {
            Directory.CreateDirectory(answers);
            RequireCase(folder);
            await RequireContentAsync(authority, answers, cancellationToken).ConfigureAwait(false);
            using var host = Build(issuer.Name, authority, validity, answers, output);
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
            var presigner = host.Services.GetRequiredService<Presigner>();
            var its = host.Services.GetRequiredService<AuthorityDirectory>().All[0];
            await FirstPassAsync(presigner, its, mode, output, cancellationToken).ConfigureAwait(false);
            if (!cancellationToken.IsCancellationRequested)
            {
                WriteServer(
                    folder,
                    presigner.Shortest ?? TimeSpan.Zero,
                    host.Services.GetRequiredService<IOptions<ResponderOptions>>().Value.MaximumCacheAge
                );
                output(Describe(presigner.StateOf(its)!, answers));
            }

            if (mode == PublishMode.Continuously)
                await host.WaitForEndAsync(cancellationToken).ConfigureAwait(false);
            await host.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new LabException(exception.Message, LabFailure.Unavailable, exception);
        }
        catch (Exception exception)
            when (exception is InvalidOperationException or IOException or OptionsValidationException)
        {
            throw new LabException(exception.Message, LabFailure.Configuration, exception);
        }
    }

    private static IHost Build(
        string name,
        AuthorityOptions authority,
        TimeSpan? validity,
        string answers,
        Action<string> output
    )
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder
            .Logging.SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .Services.AddSingleton<ILoggerProvider>(new LineLoggerProvider(output));
        builder.Services.AddMetrics();
        builder.Services.AddOcspResponder(new ConfigurationManager());
        builder.Services.Configure<ResponderOptions>(options =>
        {
            options.Authorities.Add(name, authority);
            options.Validity = validity ?? options.Validity;
            options.AnswerFolder = answers;
            options.MaximumCachedResponses = MostAnswers;
        });
        // Ctrl-C is the caller's.
        builder.Services.AddSingleton<IHostLifetime, PassiveLifetime>();
        return builder.Build();
    }

    private static async Task FirstPassAsync(
        Presigner presigner,
        Authority authority,
        PublishMode mode,
        Action<string> output,
        CancellationToken cancellationToken
    )
    {
        var first = presigner.FirstPassAsync(cancellationToken);
        while (
            await Task.WhenAny(first, Task.Delay(Tick, TimeProvider.System, cancellationToken)).ConfigureAwait(false)
                != first
            && !cancellationToken.IsCancellationRequested
        )
        {
            var state = presigner.StateOf(authority)!;
            if (mode == PublishMode.Once && state.Fault is { } fault)
                throw new LabException($"The answers cannot be signed: {fault}", LabFailure.Unavailable);
            output(string.Create(CultureInfo.InvariantCulture, $"{state.Ready:#,0} of {state.Listed:#,0} answers"));
        }
    }

    private static string Describe(PresigningState state, string answers)
    {
        var next = state.NextAt?.ToString("u", CultureInfo.InvariantCulture);
        var count = state.Ready.ToString("#,0", CultureInfo.InvariantCulture);
        return $"{count} answers in {answers}; {(next is null ? "none is listed" : $"the next is due at {next}")}";
    }

    // A list that is empty all of a sudden was lost, most likely; a running one waits for it to come back.
    private static async Task RequireContentAsync(
        AuthorityOptions authority,
        string answers,
        CancellationToken cancellationToken
    )
    {
        if (authority.Index is not { } index || !Directory.EnumerateFileSystemEntries(answers).Any())
            return;
        var source = new IndexFileSource(index, TimeProvider.System);
        await source.FindChangesAsync(cancellationToken).ConfigureAwait(false);
        if ((await source.ListSerialNumbersAsync(cancellationToken).ConfigureAwait(false)).Count == 0)
            throw new LabException(
                $"{index} lists nothing, and there are answers in {answers}: nothing was changed. Delete them yourself "
                    + "if they are to go.",
                LabFailure.Configuration
            );
    }

    // Base64 tells capitals from small letters.
    private static void RequireCase(string folder)
    {
        var probe = Path.Combine(folder, ".Probe");
        File.WriteAllText(probe, "");
        var isBlind = File.Exists(Path.Combine(folder, ".pROBE"));
        File.Delete(probe);
        if (isBlind)
            throw new LabException(
                $"{folder} is on a file system that does not tell capitals from small letters: two answers would be "
                    + "one file.",
                LabFailure.Configuration
            );
    }

    private static void WriteServer(string folder, TimeSpan shortest, TimeSpan most)
    {
        File.WriteAllBytes(
            Path.Combine(folder, "unauthorized.der"),
            OcspResponseBuilder.BuildError(OcspResponseStatus.Unauthorized)
        );
        // A cache lets go before there is a newer answer, whichever answer it is.
        var seconds = (long)Math.Min(shortest.TotalSeconds, most.TotalSeconds);
        File.WriteAllText(
            Path.Combine(folder, "nginx.conf"),
            string.Create(
                CultureInfo.InvariantCulture,
                $$"""
                # Written by 'ocsplab responder publish'. Include it in a server block of nginx, over plain HTTP.
                location / {
                    root "{{Path.Combine(folder, "answers")}}";
                    types { }
                    default_type application/ocsp-response;
                    # A file's time is its answer's thisUpdate.
                    expires modified {{seconds}}s;
                    add_header Cache-Control "public, no-transform, must-revalidate";
                    # What has no file, and whoever asks by POST, is told so in OCSP.
                    error_page 403 404 405 =200 /.unauthorized;
                }
                location = /.unauthorized {
                    internal;
                    alias "{{Path.Combine(folder, "unauthorized.der")}}";
                    types { }
                    default_type application/ocsp-response;
                    add_header Cache-Control no-store;
                }

                """
            )
        );
    }

    private const int MostAnswers = 10_000_000;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(2);
}

/// <summary>How often answers are published.</summary>
public enum PublishMode
{
    /// <summary>Once: what is due is renewed.</summary>
    Once,

    /// <summary>Until the end, each when it is due or something has changed.</summary>
    Continuously,
}
