using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Lab;
using OcspLab.Responder.Journal;
using OcspLab.Responder.Listening;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Cli.Serving;

/// <summary>An OCSP responder of one authority, alone in a process: no admin API, nothing that is kept.</summary>
public static class StandaloneResponder
{
    /// <summary>Answers until it is cancelled.</summary>
    /// <param name="address">Where to listen.</param>
    /// <param name="port">The port; 0 for any free one.</param>
    /// <param name="authority">
    /// Whom to answer for. <see cref="AuthorityOptions.IssuerCertificate"/> may hold several certificates: the one that
    /// the signer belongs to is meant.
    /// </param>
    /// <param name="configure">The other options.</param>
    /// <param name="output">
    /// Is told where it listens and what goes wrong, one line each; with <paramref name="requests"/> of every request
    /// too.
    /// </param>
    /// <param name="requests">Whether requests are told.</param>
    /// <param name="cancellationToken">The end: requests that have begun are answered.</param>
    /// <returns>How requests were answered.</returns>
    /// <exception cref="LabException">A file cannot be used, or the port is taken.</exception>
    public static async Task<IReadOnlyList<RequestCount>> RunAsync(
        IPAddress address,
        int port,
        AuthorityOptions authority,
        Action<ResponderOptions> configure,
        Action<string> output,
        RequestLog requests,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(authority);
        ArgumentNullException.ThrowIfNull(output);
        using var folder = new IssuerFile(authority);
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory }
        );
        builder
            .Logging.ClearProviders()
            .SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.Logging.Services.AddSingleton<ILoggerProvider>(new LineLoggerProvider(output));
        builder.Services.AddOcspResponder(builder.Configuration.GetSection("none"));
        builder.Services.Configure<ResponderOptions>(options =>
        {
            options.Authorities.Add(folder.Name, authority);
            configure(options);
        });
        // Ctrl-C is the caller's.
        builder.Services.AddSingleton<IHostLifetime, PassiveLifetime>();
        if (requests == RequestLog.Printed)
        {
            var journal = new RequestJournal(entry => output(Describe(entry)), TimeProvider.System);
            builder.Services.Decorate((inner, _) => new JournalingSender(inner, journal));
        }

        builder.WebHost.LimitConnections(new ResponderServiceOptions());
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address, port));
        try
        {
            var app = builder.Build();
            await using var _ = app.ConfigureAwait(false);
            app.RunOcsp(app.Services.GetRequiredService<OcspRequestHandler>());
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            output($"listening on {app.Urls.First()}");
            await app.WaitForEndAsync(cancellationToken).ConfigureAwait(false);
            await app.StopAsync(CancellationToken.None).ConfigureAwait(false);
            return app.Services.GetRequiredService<ResponderMetrics>().Counts;
        }
        catch (IOException exception)
            when (exception.InnerException is SocketException or Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            throw new LabException(
                $"Port {port} of {address} cannot be had: {exception.InnerException.Message}. Choose another with "
                    + $"--port.",
                LabFailure.Unavailable,
                exception
            );
        }
        catch (SocketException exception)
        {
            throw new LabException(
                $"Port {port} of {address} cannot be had: {exception.Message}. Choose another with --port or "
                    + $"--address.",
                LabFailure.Unavailable,
                exception
            );
        }
        catch (Exception exception)
            when (exception is InvalidOperationException or IOException or OptionsValidationException)
        {
            throw new LabException(exception.Message, LabFailure.Configuration, exception);
        }
    }

    private static string Describe(JournalEntry entry) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{entry.At:HH:mm:ss} {entry.Client} {entry.Method} "
                + $"{(entry.SerialNumbers.Count == 0 ? "-" : string.Join(',', entry.SerialNumbers))} "
                + $"{entry.Outcome.ToName()}"
        );
}

/// <summary>Whether requests are told one by one.</summary>
public enum RequestLog
{
    /// <summary>They are not.</summary>
    Silent,

    /// <summary>A line each.</summary>
    Printed,
}
