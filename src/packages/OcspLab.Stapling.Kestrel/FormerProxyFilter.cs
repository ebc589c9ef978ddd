using Microsoft.Extensions.Http;
using OcspLab.Ocsp.Fetching;

namespace OcspLab.Stapling.Kestrel;

/// <summary>Keeps the clients that fetch staples away from <see cref="RuntimeProxy"/>: they would be told what they have told.</summary>
internal sealed class FormerProxyFilter : IHttpMessageHandlerBuilderFilter
{
    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) => builder =>
    {
        next(builder);
        if (OcspClient.IsHttpClientName(builder.Name) && builder.PrimaryHandler is SocketsHttpHandler { UseProxy: true, Proxy: null } handler)
            handler.Proxy = FormerProxy.Instance;
    };
}
