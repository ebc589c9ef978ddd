using System.Collections.Concurrent;

namespace OcspLab.Responder.Sources;

/// <summary>A registry that ends with the process: for tests, and for who loads it from elsewhere.</summary>
/// <param name="clock">Dates revocations.</param>
public sealed class InMemoryCertificateRegistry(TimeProvider clock)
    : ICertificateRegistry,
        IStatusSource,
        ICertificateList
{
    private readonly ConcurrentDictionary<string, (long Order, RegisteredCertificate Certificate)> _certificates =
        new();
    private readonly Lock _changing = new();
    private long _order;

    /// <inheritdoc/>
    public event Action<string?>? Changed;

    /// <inheritdoc/>
    public ValueTask<SourceStatus?> FindAsync(string serialNumber, CancellationToken cancellationToken) =>
        ValueTask.FromResult(
            _certificates.TryGetValue(serialNumber, out var found) ? found.Certificate.ToStatus() : null
        );

    /// <inheritdoc/>
    public ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(SourceChanges.None);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyCollection<string>> ListSerialNumbersAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return ValueTask.FromResult<IReadOnlyCollection<string>>([
            .. _certificates.Where(entry => entry.Value.Certificate.NotAfter > now).Select(entry => entry.Key),
        ]);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<RegisteredCertificate>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<RegisteredCertificate>>([
            .. _certificates.Values.OrderBy(entry => entry.Order).Select(entry => entry.Certificate),
        ]);

    /// <inheritdoc/>
    public Task RegisterAsync(RegisteredCertificate certificate, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        _certificates.TryAdd(certificate.SerialNumber, (Interlocked.Increment(ref _order), certificate));
        Changed?.Invoke(certificate.SerialNumber);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ImportResult> ImportAsync(
        IReadOnlyCollection<RegisteredCertificate> certificates,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(certificates);
        var changed = new List<string>();
        var result = new ImportResult(0, 0, 0);
        lock (_changing)
        {
            foreach (var certificate in certificates)
            {
                var serial = certificate.SerialNumber;
                if (_certificates.TryAdd(serial, (Interlocked.Increment(ref _order), certificate)))
                    result += new ImportResult(1, 0, 0);
                else if (
                    certificate.RevokedAt is not null
                    && _certificates[serial] is { Certificate.RevokedAt: null } known
                )
                {
                    _certificates[serial] = (
                        known.Order,
                        known.Certificate with
                        {
                            RevokedAt = certificate.RevokedAt,
                            Reason = certificate.Reason,
                            InvalidSince = certificate.InvalidSince,
                            ChangedAt = clock.GetUtcNow(),
                        }
                    );
                    result += new ImportResult(0, 1, 0);
                }
                else
                {
                    result += new ImportResult(0, 0, 1);
                    continue;
                }

                changed.Add(serial);
            }
        }

        changed.ForEach(serial => Changed?.Invoke(serial));
        return Task.FromResult(result);
    }

    /// <inheritdoc/>
    public Task<int> PurgeAsync(DateTimeOffset expiredBefore, CancellationToken cancellationToken)
    {
        List<string> gone;
        lock (_changing)
        {
            gone =
            [
                .. _certificates
                    .Where(entry => entry.Value.Certificate.NotAfter < expiredBefore)
                    .Select(entry => entry.Key),
            ];
            gone.ForEach(serial => _certificates.TryRemove(serial, out _));
        }

        gone.ForEach(serial => Changed?.Invoke(serial));
        return Task.FromResult(gone.Count);
    }

    /// <inheritdoc/>
    public Task<RegisteredCertificate?> RevokeAsync(
        string nameOrSerial,
        Revocation revocation,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(revocation);
        revocation.Require(clock.GetUtcNow());
        return Task.FromResult(
            Change(nameOrSerial, (certificate, now) =>
                certificate with
                {
                    RevokedAt = revocation.At ?? certificate.RevokedAt ?? now,
                    Reason = revocation.Reason,
                    InvalidSince = revocation.InvalidSince ?? certificate.InvalidSince,
                    ChangedAt = now,
                }
            )
        );
    }

    /// <inheritdoc/>
    public Task<RegisteredCertificate?> RestoreAsync(string nameOrSerial, CancellationToken cancellationToken) =>
        Task.FromResult(
            Change(nameOrSerial, (certificate, now) =>
                certificate with
                {
                    RevokedAt = null,
                    Reason = null,
                    InvalidSince = null,
                    ChangedAt = now,
                }
            )
        );

    private RegisteredCertificate? Change(
        string nameOrSerial,
        Func<RegisteredCertificate, DateTimeOffset, RegisteredCertificate> change
    )
    {
        RegisteredCertificate changed;
        lock (_changing)
        {
            if (!_certificates.TryGetValue(nameOrSerial, out var found))
                found = _certificates
                    .Values.Where(entry => entry.Certificate.Name == nameOrSerial)
                    .OrderBy(entry => entry.Order)
                    .LastOrDefault();
            if (found.Certificate is null)
                return null;
            changed = change(found.Certificate, clock.GetUtcNow());
            _certificates[changed.SerialNumber] = (found.Order, changed);
        }

        Changed?.Invoke(changed.SerialNumber);
        return changed;
    }
}
