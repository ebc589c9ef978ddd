using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Probe;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>A site whose responder does everything wrong that a responder can, over real sockets.</summary>
public abstract class FaultBench : SiteBench
{
    public enum Fault
    {
        ConnectionClosed,
        HangBeforeHeaders,
        HangInBody,
        SlowDrip,
        ServerError,
        HtmlPage,
        TryLater,
        InternalError,
        Unauthorized,
        Garbage,
        Truncated,
        Oversized,
        WrongSerial,
        WrongSigner,
        BadSignature,
        Expired,
        Future,
        Unknown,
        RedirectLoop,
        Empty,
    }

    public static TheoryData<Fault> Faults => [.. Enum.GetValues<Fault>()];

    internal async Task CommitAsync(HttpContext context, Fault fault)
    {
        var now = Clock.GetUtcNow();
        byte[] Respond(
            CertStatus? status = null,
            DateTimeOffset? thisUpdate = null,
            DateTimeOffset? nextUpdate = null
        ) => Authority.Respond(Certificate, status, thisUpdate ?? now, nextUpdate);
        Task Send(byte[] bytes) => ScriptedServer.Send(() => bytes)(context);
        switch (fault)
        {
            case Fault.ConnectionClosed:
                context.Abort();
                break;
            case Fault.HangBeforeHeaders:
                await Task.Delay(Timeout.Infinite, context.RequestAborted)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                break;
            case Fault.HangInBody:
                context.Response.ContentLength = 1000;
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                break;
            case Fault.SlowDrip:
                foreach (var octet in Respond())
                {
                    if (context.RequestAborted.IsCancellationRequested)
                        break;
                    await context.Response.Body.WriteAsync(new[] { octet });
                    await context.Response.Body.FlushAsync();
                    await Task.Delay(50);
                }

                break;
            case Fault.ServerError:
                context.Response.StatusCode = 500;
                break;
            case Fault.HtmlPage:
                await ScriptedServer.Send(() => "<html>Bad Gateway</html>"u8.ToArray(), "text/html")(context);
                break;
            case Fault.TryLater:
                await Send(OcspResponseBuilder.BuildError(OcspResponseStatus.TryLater));
                break;
            case Fault.InternalError:
                await Send(OcspResponseBuilder.BuildError(OcspResponseStatus.InternalError));
                break;
            case Fault.Unauthorized:
                await Send(OcspResponseBuilder.BuildError(OcspResponseStatus.Unauthorized));
                break;
            case Fault.Garbage:
                await Send([0x30, 0x82, 0xff, 0xff, 1, 2, 3]);
                break;
            case Fault.Truncated:
                await Send(Respond()[..^20]);
                break;
            case Fault.Oversized:
                await Send(new byte[100_000]);
                break;
            case Fault.WrongSerial:
                await Send(Authority.Respond(Authority.Server(), thisUpdate: now));
                break;
            case Fault.WrongSigner:
                await Send(
                    Authority.Respond(
                        Certificate,
                        thisUpdate: now,
                        signer: new TestAuthority("CN=Stranger").Delegate(notAfter: now.AddDays(9))
                    )
                );
                break;
            case Fault.BadSignature:
                var bytes = Respond();
                bytes[^1] ^= 1;
                await Send(bytes);
                break;
            case Fault.Expired:
                await Send(Respond(null, now.AddDays(-2), now.AddDays(-1)));
                break;
            case Fault.Future:
                await Send(Respond(null, now.AddHours(1), now.AddHours(3)));
                break;
            case Fault.Unknown:
                await Send(Respond(CertStatus.Unknown));
                break;
            case Fault.RedirectLoop:
                context.Response.Redirect(context.Request.Path);
                break;
            default:
                await Send([]);
                break;
        }
    }

    // Judged at the moment of the handshake: the clock jumps in these tests.
    internal Task<StapleVerdictKind> SeenAsync(WebApplication app) => StapleAsync(app, now: Clock.GetUtcNow());
}
