using OcspLab.Probe;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>What a responder does wrong, when the site starts and has nothing yet.</summary>
public sealed class FaultAtStartTests : FaultBench
{
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
}
