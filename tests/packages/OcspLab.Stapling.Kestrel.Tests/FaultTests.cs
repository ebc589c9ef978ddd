using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Probe;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>
/// Everything that a responder can do wrong, over real sockets: at start, past the refresh point, past nextUpdate, and
/// after it recovered. The procedure is that of "Is the Web Ready for OCSP Must-Staple?" (Chung et al., IMC 2018), with
/// more faults.
/// </summary>
public sealed class FaultTests : SiteBench
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

    [
        Theory,
        MemberData(nameof(Faults)),
        Trait("Rule", "S7"),
        Trait("Rule", "S8"),
        Trait("Rule", "S9"),
        Trait("Rule", "S13"),
        Trait("Rule", "S14"),
        Trait("Rule", "S23")
    ]
    public async Task The_last_good_staple_serves_until_next_update_then_nothing_then_the_new_one(Fault fault)
    {
        await using var app = await StartAsync(Quick);
        var status = app.Services.GetRequiredService<IStaplingStatus>();
        Assert.Equal(StapleVerdictKind.Good, await SeenAsync(app));

        // Past the refresh point.
        Responder.Script = context => CommitAsync(context, fault);
        Clock.Jump(TimeSpan.FromHours(13));
        await RefreshAsync(status);
        Assert.Equal(StapleVerdictKind.Good, await SeenAsync(app));
        Assert.NotEqual(RefreshOutcome.Good, status.Staples.Single().LastOutcome);

        // Past nextUpdate.
        Clock.Jump(TimeSpan.FromHours(11));
        Assert.Equal(StapleVerdictKind.Absent, await SeenAsync(app));
        await RefreshAsync(status);
        Assert.Equal(StapleVerdictKind.Absent, await SeenAsync(app));

        // Well again.
        Responder.Script = ScriptedServer.Send(() => Authority.Respond(Certificate, thisUpdate: Clock.GetUtcNow()));
        await Poll.UntilAsync(
            async () =>
            {
                await RefreshAsync(status);
                return status.Staples.Single().LastOutcome == RefreshOutcome.Good;
            },
            "the recovery"
        );
        Assert.Equal(StapleVerdictKind.Good, await SeenAsync(app));
    }

    [Theory, MemberData(nameof(Faults)), Trait("Rule", "S1"), Trait("Rule", "S9"), Trait("Rule", "S34")]
    public async Task At_start_the_port_opens_without_a_staple_and_the_log_says_why(Fault fault)
    {
        Responder.Script = context => CommitAsync(context, fault);
        await using var app = await StartAsync(Quick);
        Assert.Equal(StapleVerdictKind.Absent, await SeenAsync(app));
        await Poll.UntilAsync(() => Log.GetSnapshot().Any(record => record.Id.Name == "NothingToStaple"), "the reason");
        var line = Log.GetSnapshot().First(record => record.Id.Name == "NothingToStaple").Message;
        Assert.Contains("CN=server", line, StringComparison.Ordinal);
        Assert.Contains(Word(fault), line, StringComparison.Ordinal);
    }

    /// <summary>What tells an operator which fault it is.</summary>
    private static string Word(Fault fault) =>
        fault switch
        {
            Fault.ConnectionClosed => "reset by peer",
            Fault.HangBeforeHeaders or Fault.HangInBody or Fault.SlowDrip => "no answer within 2 s",
            Fault.ServerError => "HTTP 500",
            Fault.HtmlPage => "text/html",
            Fault.TryLater => "try_later",
            Fault.InternalError => "internal_error",
            Fault.Unauthorized => "unauthorized",
            Fault.Garbage or Fault.Truncated or Fault.Empty => "malformed",
            Fault.Oversized => "more than 65536 bytes",
            Fault.WrongSerial => "cert_id_mismatch",
            Fault.WrongSigner => "signer_not_authorized",
            Fault.BadSignature => "bad_signature",
            Fault.Expired => "expired",
            Fault.Future => "not_yet_valid",
            Fault.Unknown => "the response is unknown",
            Fault.RedirectLoop => "HTTP 302",
            _ => throw new ArgumentOutOfRangeException(nameof(fault)),
        };

    private async Task CommitAsync(HttpContext context, Fault fault)
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

    private static Task<IReadOnlyList<StapleStatus>> RefreshAsync(IStaplingStatus status) =>
        status.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);

    // Judged at the moment of the handshake: the clock jumps in these tests.
    private Task<StapleVerdictKind> SeenAsync(WebApplication app) => StapleAsync(app, now: Clock.GetUtcNow());
}
