using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using OcspLab.Ocsp;

namespace OcspLab.Responder;

/// <summary>The admin API from the other side. Thread-safe; owns its connection.</summary>
public sealed class ResponderAdminClient : ICertificateRegistry, IDisposable
{
    private readonly HttpClient _http;

    /// <summary>A client of the admin API at <paramref name="url"/>.</summary>
    public ResponderAdminClient(Uri url, AdminToken token)
    {
        ArgumentNullException.ThrowIfNull(token);
        // Loopback only: a proxy has no business between them.
        var handler = new SocketsHttpHandler { UseProxy = false };
        _http = new HttpClient(handler) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(10) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Value);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RegisteredCertificate>> ListAsync(CancellationToken cancellationToken) =>
        await _http.GetFromJsonAsync<List<RegisteredCertificate>>("certificates", cancellationToken).ConfigureAwait(false) ?? [];

    /// <inheritdoc/>
    public async Task RegisterAsync(RegisteredCertificate certificate, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        using var response = await _http.PostAsJsonAsync("certificates", certificate, cancellationToken).ConfigureAwait(false);
        await RequireSuccessAsync(response, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<RegisteredCertificate?> RevokeAsync(string nameOrSerial, RevocationReason reason, CancellationToken cancellationToken) =>
        ChangeAsync($"certificates/{Uri.EscapeDataString(nameOrSerial)}/revoke?reason={reason}", cancellationToken);

    /// <inheritdoc/>
    public Task<RegisteredCertificate?> RestoreAsync(string nameOrSerial, CancellationToken cancellationToken) =>
        ChangeAsync($"certificates/{Uri.EscapeDataString(nameOrSerial)}/restore", cancellationToken);

    /// <summary>How requests were answered since the responder started.</summary>
    public async Task<IReadOnlyList<RequestCount>> CountAsync(CancellationToken cancellationToken) =>
        await _http.GetFromJsonAsync<List<RequestCount>>("requests", cancellationToken).ConfigureAwait(false) ?? [];

    /// <summary>Closes the OCSP port.</summary>
    public Task<ListenerState> StopAsync(CancellationToken cancellationToken) => ListenerAsync("listener/stop", cancellationToken);

    /// <summary>Opens the OCSP port.</summary>
    public Task<ListenerState> StartAsync(CancellationToken cancellationToken) => ListenerAsync("listener/start", cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<RegisteredCertificate?> ChangeAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await _http.PostAsync(new Uri(path, UriKind.Relative), null, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;
        await RequireSuccessAsync(response, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync<RegisteredCertificate>(cancellationToken).ConfigureAwait(false);
    }

    // The problem's own words say more than its number (RFC 9457).
    private static async Task RequireSuccessAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
            return;
        var problem = response.Content.Headers.ContentType?.MediaType == "application/problem+json"
            ? await response.Content.ReadFromJsonAsync<Problem>(cancellationToken).ConfigureAwait(false)
            : null;
        throw new HttpRequestException(problem?.Detail ?? $"The admin API answered {(int)response.StatusCode}.", null, response.StatusCode);
    }

    private sealed record Problem(string? Detail);

    private async Task<ListenerState> ListenerAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await _http.PostAsync(new Uri(path, UriKind.Relative), null, cancellationToken).ConfigureAwait(false);
        await RequireSuccessAsync(response, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync<ListenerState>(cancellationToken).ConfigureAwait(false)
            ?? throw new JsonException("The admin API sent nothing.");
    }
}
