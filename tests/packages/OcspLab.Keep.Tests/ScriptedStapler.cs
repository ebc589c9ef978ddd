using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling;
using OcspLab.Stapling.Status;

namespace OcspLab.Keep.Tests;

/// <summary>An engine that holds what a test says.</summary>
internal sealed class ScriptedStapler : IOcspStapler
{
    private readonly Dictionary<string, StapleStatus> _held = [];
    private int _faults;

    public IReadOnlyList<StapleStatus> Staples =>
        Interlocked.Decrement(ref _faults) >= 0 ? throw new InvalidOperationException("a defect") : [.. _held.Values];

    /// <summary>The next so many looks fail.</summary>
    public void Fail(int times) => _faults = times;

    public List<string> Released { get; } = [];

    /// <summary>How many certificates came with each that was prepared.</summary>
    public List<int> Prepared { get; } = [];

    public Task<StapleStatus> PrepareAsync(
        X509Certificate2 certificate,
        X509Certificate2Collection? chain = null,
        CancellationToken cancellationToken = default
    )
    {
        Prepared.Add(chain?.Count ?? 0);
        if (!_held.ContainsKey(KeyOf(certificate)))
            Hold(certificate, null);
        return Task.FromResult(_held[KeyOf(certificate)]);
    }

    public void Hold(X509Certificate2 certificate, VerifiedStaple? staple, RefreshOutcome? outcome = null) =>
        _held[KeyOf(certificate)] = new StapleStatus
        {
            Certificate = certificate.Subject,
            Subject = certificate.Subject,
            Thumbprint = KeyOf(certificate),
            SerialNumber = certificate.SerialNumber,
            NotAfter = certificate.NotAfter,
            IsMustStaple = false,
            Source = StapleSourceKind.Responder,
            Urls = [],
            LastOutcome = outcome ?? (staple is null ? RefreshOutcome.Pending : RefreshOutcome.Good),
            Staple = staple,
            IsRevoked = staple?.Status.Kind == CertStatusKind.Revoked,
        };

    public void Release(X509Certificate2 certificate)
    {
        Released.Add(KeyOf(certificate));
        _held.Remove(KeyOf(certificate));
    }

    public Task<IReadOnlyList<StapleStatus>> RefreshAsync(
        string? thumbprint = null,
        CancellationToken cancellationToken = default
    ) => Task.FromResult(Staples);

    public void Apply(SslServerAuthenticationOptions handshake, string? serverName = null) =>
        throw new NotSupportedException();

    public ValueTask ApplyAsync(
        SslServerAuthenticationOptions handshake,
        string? serverName = null,
        CancellationToken cancellationToken = default
    ) => throw new NotSupportedException();

    public static string KeyOf(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256);
}
