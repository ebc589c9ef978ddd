using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Fetching;

namespace OcspLab.Stapling.Tests;

/// <summary>Downloads what it is told, and counts.</summary>
internal sealed class ScriptedIssuerClient : IIssuerClient
{
    private int _calls;

    public X509Certificate2? Issuer { get; set; }

    public int Calls => Volatile.Read(ref _calls);

    public Task<IssuerFetch> FetchAsync(X509Certificate2 certificate, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        return Task.FromResult(new IssuerFetch(Issuer, Issuer is null ? "nothing there" : "downloaded"));
    }
}
