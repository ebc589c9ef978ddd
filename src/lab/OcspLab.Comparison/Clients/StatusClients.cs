using OcspLab.Lab.Browsers;

namespace OcspLab.Comparison.Clients;

/// <summary>The clients that are asked.</summary>
internal static class StatusClients
{
    /// <summary>All of them, installed or not.</summary>
    public static IReadOnlyList<IStatusClient> All(TimeProvider clock) =>
        [
            new OpenSslStatusClient(),
            new CurlStatusClient(CurlStatus.Ignored),
            new CurlStatusClient(CurlStatus.Required),
            new GnuTlsStatusClient(),
            new DotNetStatusClient(),
            new JavaStatusClient(JavaRevocation.Hard),
            new JavaStatusClient(JavaRevocation.Soft),
            new BrowserStatusClient(
                new Firefox(clock),
                "firefox",
                "its defaults: it asks where there is no staple, and goes on without an answer"
            ),
            new BrowserStatusClient(
                new Firefox(clock) { Revocation = FirefoxRevocation.Hard },
                "firefox-strict",
                "security.OCSP.require: no status, no page"
            ),
            new BrowserStatusClient(
                new Chromium(clock),
                "chromium",
                "its defaults: it judges a staple, and asks nobody"
            ),
        ];
}
