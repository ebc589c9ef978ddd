using Microsoft.Extensions.Http;

namespace OcspLab.Stapling.Kestrel;

/// <summary>Leaves clients of the factory, the one that fetches staples above all, the proxy that they would have without <see cref="RuntimeQuestions"/>.</summary>
internal sealed class FormerProxyFilter(RuntimeQuestions questions) : IHttpMessageHandlerBuilderFilter
{
    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) => builder =>
    {
        next(builder);
        if (questions.IsInPlace && builder.PrimaryHandler is SocketsHttpHandler { UseProxy: true, Proxy: null } handler)
            handler.Proxy = questions.Before;
    };
}
