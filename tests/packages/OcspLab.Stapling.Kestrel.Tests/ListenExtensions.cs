using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace OcspLab.Stapling.Kestrel.Tests;

internal static class ListenExtensions
{
    public static void ListenLocalhostTls(
        this KestrelServerOptions kestrel,
        Action<HttpsConnectionAdapterOptions> configure
    ) => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.UseHttps(configure));
}
