using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Browsers;

/// <summary>Firefox, driven over Marionette. The root is trusted as a person would trust it.</summary>
public sealed class Firefox(TimeProvider clock) : IBrowser
{
    /// <summary>
    /// What it does when no status is to be had. Default <see cref="FirefoxRevocation.Soft"/>, as everywhere.
    /// </summary>
    public FirefoxRevocation Revocation { get; init; }

    /// <inheritdoc/>
    public string Name => "firefox";

    /// <inheritdoc/>
    public string? Missing => Program is null ? DebianPackages.Missing("firefox-esr") : null;

    /// <inheritdoc/>
    public async Task<PageVisit> VisitAsync(Uri page, string rootFile, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(page);
        var program = Program ?? throw new LabException(Missing!);
        using var root = X509CertificateLoader.LoadCertificateFromFile(rootFile);
        var session = await FirefoxSession
            .StartAsync(program, Preferences(page.Host, Revocation), clock, cancellationToken)
            .ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            using var timer = new CancellationTokenSource(PageTimeout, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
            try
            {
                return await VisitAsync(session, page, root, either.Token).ConfigureAwait(false);
            }
            catch (Exception exception)
                when (exception is IOException or SocketException or JsonException or MarionetteException
                    || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                )
            {
                throw new LabException(
                    $"Firefox did not show {page}: {exception.Message}",
                    LabFailure.Unavailable,
                    exception
                );
            }
        }
    }

    private static async Task<PageVisit> VisitAsync(
        FirefoxSession session,
        Uri page,
        X509Certificate2 root,
        CancellationToken cancellationToken
    )
    {
        await session.TrustAsync(root, cancellationToken).ConfigureAwait(false);
        string? error = null;
        try
        {
            await session.NavigateAsync(page, cancellationToken).ConfigureAwait(false);
        }
        catch (MarionetteException exception)
        {
            // Certificate errors and network errors have pages of different kinds, and the name of the error is hidden
            // behind a button.
            error = (
                await session
                    .RunAsync(
                        "const page = (window.wrappedJSObject ?? window).document; try { return "
                            + "page.getFailedCertSecurityInfo().errorCodeString; } catch { return "
                            + "page.getNetErrorInfo().errorCodeString; }",
                        cancellationToken
                    )
                    .ConfigureAwait(false)
            ).GetString();
            error = string.IsNullOrEmpty(error) ? exception.Message : error;
            await session
                .RunAsync(
                    "const press = root => { for (const element of root.querySelectorAll('*')) { if (element.id === "
                        + "'advanced-button' || element.id === 'advancedButton') element.click(); if "
                        + "(element.shadowRoot) press(element.shadowRoot); } }; press(document);",
                    cancellationToken
                )
                .ConfigureAwait(false);
        }

        return new PageVisit(
            $"Firefox {session.Version}",
            error,
            await session.TakePictureAsync(cancellationToken).ConfigureAwait(false)
        );
    }

    private static string Preferences(string host, FirefoxRevocation revocation) =>
        $"""
            user_pref("network.dns.localDomains", "{host},{LabTopology.ResponderHost}");
            user_pref("security.OCSP.require", {(revocation == FirefoxRevocation.Hard ? "true" : "false")});
            """;

    private static string? Program => ChildProcess.Find("firefox-esr") ?? ChildProcess.Find("firefox");

    private static readonly TimeSpan PageTimeout = TimeSpan.FromSeconds(60);
}

/// <summary>What Firefox does when no status is to be had.</summary>
public enum FirefoxRevocation
{
    /// <summary>It loads the page.</summary>
    Soft,

    /// <summary>It does not (<c>security.OCSP.require</c>).</summary>
    Hard,
}
