using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using OcspLab.Responder.Faults;
using OcspLab.Responder.Journal;
using OcspLab.Responder.Sources;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Responder.Admin;

/// <summary>The admin API from the other side. Thread-safe; owns its connection.</summary>
public sealed class ResponderAdminClient : ICertificateRegistry, IDisposable
{
    private readonly HttpClient _http;
    private readonly string _authority;

    /// <summary>A client of the admin API at <paramref name="url"/>.</summary>
    /// <param name="url">The admin API.</param>
    /// <param name="token">Its token.</param>
    /// <param name="authority">The authority whose certificates are meant, or null where there is one only.</param>
    public ResponderAdminClient(Uri url, AdminToken token, string? authority = null)
    {
        ArgumentNullException.ThrowIfNull(token);
        _authority = authority is null ? "" : $"authority={Uri.EscapeDataString(authority)}";
        // Loopback only: a proxy has no business between them.
        var handler = new SocketsHttpHandler { UseProxy = false };
        _http = new HttpClient(handler) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(10) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Value);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RegisteredCertificate>> ListAsync(CancellationToken cancellationToken) =>
        await GetAsync<List<RegisteredCertificate>>($"certificates?{_authority}", cancellationToken)
            .ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task RegisterAsync(RegisteredCertificate certificate, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        using var response = await _http
            .PostAsJsonAsync($"certificates?{_authority}", certificate, AdminJson.Options, cancellationToken)
            .ConfigureAwait(false);
        await RequireSuccessAsync(response, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<RegisteredCertificate?> RevokeAsync(
        string nameOrSerial,
        Revocation revocation,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(revocation);
        return ChangeAsync(
            $"certificates/{Uri.EscapeDataString(nameOrSerial)}/revoke?reason={revocation.Reason}"
                + $"{Query("at", revocation.At)}{Query("invalidSince", revocation.InvalidSince)}&{_authority}",
            cancellationToken
        );
    }

    private static string Query(string name, DateTimeOffset? time) =>
        time is { } known ? $"&{name}={Uri.EscapeDataString(known.ToString("O", CultureInfo.InvariantCulture))}" : "";

    /// <inheritdoc/>
    public async Task<ImportResult> ImportAsync(
        IReadOnlyCollection<RegisteredCertificate> certificates,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(certificates);
        var result = new ImportResult(0, 0, 0);
        foreach (var some in certificates.Chunk(MostAtOnce))
        {
            using var response = await _http
                .PostAsJsonAsync($"certificates/import?{_authority}", some, AdminJson.Options, cancellationToken)
                .ConfigureAwait(false);
            result += await ReadAsync<ImportResult>(response, cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    /// <inheritdoc/>
    public async Task<int> PurgeAsync(DateTimeOffset expiredBefore, CancellationToken cancellationToken)
    {
        using var response = await _http
            .PostAsync(
                new Uri($"certificates/purge?{_authority}{Query("expiredBefore", expiredBefore)}", UriKind.Relative),
                null,
                cancellationToken
            )
            .ConfigureAwait(false);
        return (await ReadAsync<AdminApi.PurgeResult>(response, cancellationToken).ConfigureAwait(false)).Removed;
    }

    /// <inheritdoc/>
    public Task<RegisteredCertificate?> RestoreAsync(string nameOrSerial, CancellationToken cancellationToken) =>
        ChangeAsync($"certificates/{Uri.EscapeDataString(nameOrSerial)}/restore?{_authority}", cancellationToken);

    /// <summary>How requests were answered since the responder started.</summary>
    public async Task<IReadOnlyList<RequestCount>> CountAsync(CancellationToken cancellationToken) =>
        await GetAsync<List<RequestCount>>("requests", cancellationToken).ConfigureAwait(false);

    /// <summary>The latest requests after an entry, oldest first; none where no journal is kept.</summary>
    /// <param name="after">The number of the last entry that is known; 0 for all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<JournalEntry>> ReadJournalAsync(long after, CancellationToken cancellationToken) =>
        await GetAsync<List<JournalEntry>>($"journal?after={after}", cancellationToken).ConfigureAwait(false);

    /// <summary>How the responder stands.</summary>
    public Task<ResponderStatus> GetStatusAsync(CancellationToken cancellationToken) =>
        GetAsync<ResponderStatus>("status", cancellationToken);

    /// <summary>The faults in force, oldest first.</summary>
    /// <exception cref="HttpRequestException">Faults are not to be had from this responder.</exception>
    public async Task<IReadOnlyList<Fault>> ListFaultsAsync(CancellationToken cancellationToken) =>
        await GetAsync<List<Fault>>("faults", cancellationToken).ConfigureAwait(false);

    /// <summary>Puts a fault in force.</summary>
    /// <exception cref="HttpRequestException">
    /// It is not one, the certificate is not known, or faults are not to be had from this responder; the message says
    /// which.
    /// </exception>
    public async Task<Fault> AddFaultAsync(FaultOrder order, CancellationToken cancellationToken)
    {
        using var response = await _http
            .PostAsJsonAsync("faults", order, AdminJson.Options, cancellationToken)
            .ConfigureAwait(false);
        return await ReadAsync<Fault>(response, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a fault back, or all of them.</summary>
    public async Task RemoveFaultsAsync(long? id, CancellationToken cancellationToken)
    {
        using var response = await _http
            .DeleteAsync(new Uri(id is { } one ? $"faults/{one}" : "faults", UriKind.Relative), cancellationToken)
            .ConfigureAwait(false);
        await RequireSuccessAsync(response, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether the OCSP port is open.</summary>
    public Task<ListenerState> GetListenerAsync(CancellationToken cancellationToken) =>
        GetAsync<ListenerState>("listener", cancellationToken);

    /// <summary>Closes the OCSP port.</summary>
    public Task<ListenerState> StopAsync(CancellationToken cancellationToken) =>
        ListenerAsync("listener/stop", cancellationToken);

    /// <summary>Opens the OCSP port.</summary>
    public Task<ListenerState> StartAsync(CancellationToken cancellationToken) =>
        ListenerAsync("listener/start", cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<RegisteredCertificate?> ChangeAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await _http
            .PostAsync(new Uri(path, UriKind.Relative), null, cancellationToken)
            .ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;
        await RequireSuccessAsync(response, cancellationToken).ConfigureAwait(false);
        return await response
            .Content.ReadFromJsonAsync<RegisteredCertificate>(AdminJson.Options, cancellationToken)
            .ConfigureAwait(false);
    }

    // The problem's own words say more than its number (RFC 9457).
    private static async Task RequireSuccessAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
            return;
        var problem =
            response.Content.Headers.ContentType?.MediaType == "application/problem+json"
                ? await response.Content.ReadFromJsonAsync<Problem>(cancellationToken).ConfigureAwait(false)
                : null;
        throw new HttpRequestException(
            problem?.Detail ?? $"The admin API answered {(int)response.StatusCode}.",
            null,
            response.StatusCode
        );
    }

    private async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
    {
        using var response = await _http
            .GetAsync(new Uri(path, UriKind.Relative), cancellationToken)
            .ConfigureAwait(false);
        return await ReadAsync<T>(response, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await RequireSuccessAsync(response, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync<T>(AdminJson.Options, cancellationToken).ConfigureAwait(false)
            ?? throw new JsonException("The admin API sent nothing.");
    }

    private sealed record Problem(string? Detail);

    private const int MostAtOnce = 1000;

    private async Task<ListenerState> ListenerAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await _http
            .PostAsync(new Uri(path, UriKind.Relative), null, cancellationToken)
            .ConfigureAwait(false);
        return await ReadAsync<ListenerState>(response, cancellationToken).ConfigureAwait(false);
    }
}
