using System.Collections.Concurrent;
using System.Net.Security;
using Microsoft.AspNetCore.Connections;

namespace OcspLab.Site;

/// <summary>
/// Takes .NET's own stapling away: a certificate context that is made for offline use never asks a responder.
/// </summary>
internal sealed class UnstapledContexts
{
    private readonly ConcurrentDictionary<SslStreamCertificateContext, SslStreamCertificateContext> _contexts = new();

    /// <summary>For Kestrel's <c>OnAuthenticate</c>.</summary>
    public void Apply(ConnectionContext connection, SslServerAuthenticationOptions options)
    {
        if (options.ServerCertificateContext is { } context)
            options.ServerCertificateContext = _contexts.GetOrAdd(context, made =>
                SslStreamCertificateContext.Create(
                    made.TargetCertificate,
                    [.. made.IntermediateCertificates],
                    offline: true
                )
            );
    }
}
