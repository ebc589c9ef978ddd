using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace OcspLab.Lab.Commands;

/// <summary>
/// Asks a Kestrel site of this machine to refresh its staples, over HTTPS and trusting one root alone.
/// </summary>
public static class SiteClient
{
    /// <summary>Refreshes all staples.</summary>
    /// <param name="host">The site's name.</param>
    /// <param name="port">Its port on 127.0.0.1.</param>
    /// <param name="rootCertificate">The root, in PEM.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What became of it, for people.</returns>
    /// <exception cref="LabException">The site does not answer.</exception>
    public static async Task<string> RefreshAsync(
        string host,
        int port,
        string rootCertificate,
        CancellationToken cancellationToken
    )
    {
        try
        {
            using var root = X509CertificateLoader.LoadCertificateFromFile(rootCertificate);
            using var handler = new SocketsHttpHandler
            {
                UseProxy = false,
                // The name is the certificate's; the address is the lab's.
                ConnectCallback = async (_, cancel) =>
                {
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    try
                    {
                        await socket.ConnectAsync("127.0.0.1", port, cancel).ConfigureAwait(false);
                        return new NetworkStream(socket, ownsSocket: true);
                    }
                    catch
                    {
                        socket.Dispose();
                        throw;
                    }
                },
            };
            // Also while the certificate is revoked: this is the lab's own errand.
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { root },
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            using var client = new HttpClient(handler);
            using var answer = await client
                .PostAsync(new Uri($"https://{host}/ocsp-stapling/refresh"), null, cancellationToken)
                .ConfigureAwait(false);
            if (answer.StatusCode == HttpStatusCode.NotFound)
                throw new LabException(
                    "the site has no such page: 'app.MapOcspStaplingStatus()' maps it",
                    LabFailure.Configuration
                );
            answer.EnsureSuccessStatusCode();
            var staples = await answer
                .Content.ReadFromJsonAsync<RefreshedStaple[]>(cancellationToken)
                .ConfigureAwait(false)
                ?? [];
            return staples.Length == 0
                ? "no certificate has been met yet"
                : string.Join("; ", staples.Select(staple => $"{staple.Certificate}: {staple.LastOutcome}"));
        }
        catch (Exception exception)
            when (exception
                    is HttpRequestException
                        or IOException
                        or JsonException
                        or System.Security.Cryptography.CryptographicException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            throw new LabException(
                $"the site does not answer: {exception.InnerException?.Message ?? exception.Message}",
                LabFailure.Unavailable,
                exception
            );
        }
    }

    private sealed record RefreshedStaple(string Certificate, string LastOutcome);
}
