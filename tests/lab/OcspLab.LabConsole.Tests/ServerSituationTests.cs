using OcspLab.Lab.Timelines;
using OcspLab.LabConsole.Telling;
using OcspLab.LabConsole.Watching;

namespace OcspLab.LabConsole.Tests;

/// <summary>How a server stands towards the truth, and how it is said.</summary>
public sealed class ServerSituationTests
{
    private readonly LabBench _lab = new();

    [Fact]
    public void A_server_that_says_good_of_a_revoked_certificate_is_behind()
    {
        _lab.See(HandshakeResult.Good, HandshakeResult.Good, 10);
        var revoked = LabBench.Responder with { RevokedAt = _lab.Now };
        _lab.See(HandshakeResult.Good, HandshakeResult.Good, 2);
        _lab.See(HandshakeResult.Revoked, HandshakeResult.Good, 3);

        var nginx = Of(_lab.Nginx, revoked);
        Assert.Equal((SituationKind.StillGood, TimeSpan.FromSeconds(5)), (nginx.Kind, nginx.Behind));
        Assert.Equal(
            "nginx still says good, 5 s after the certificate was revoked, and may.",
            Language.Of("en").Sentence("nginx", nginx)
        );
        var kestrel = Of(_lab.Kestrel, revoked);
        Assert.Equal((SituationKind.Revoked, TimeSpan.FromSeconds(2)), (kestrel.Kind, kestrel.For));
        Assert.Equal(
            "kestrel has said revoked for 2 s: its clients know.",
            Language.Of("en").Sentence("kestrel", kestrel)
        );
    }

    [Fact]
    public void Revoked_of_a_certificate_that_is_good_again_is_behind_too()
    {
        _lab.See(HandshakeResult.Revoked, HandshakeResult.Unstapled);
        var situation = Of(_lab.Kestrel, LabBench.Responder with { ChangedAt = _lab.Now - TimeSpan.FromSeconds(4) });
        Assert.Equal((SituationKind.StillRevoked, TimeSpan.FromSeconds(4)), (situation.Kind, situation.Behind));
    }

    [Fact]
    public void What_a_responder_that_is_not_reached_said_before_is_nothing_to_be_held_against() =>
        Assert.Equal(
            SituationKind.Good,
            Of(Seen(HandshakeResult.Good), LabBench.Responder with { IsReached = false, RevokedAt = _lab.Now }).Kind
        );

    [Theory]
    [InlineData(HandshakeResult.Unstapled, SituationKind.Nothing)]
    [InlineData(HandshakeResult.Expired, SituationKind.Expired)]
    [InlineData(HandshakeResult.Wrong, SituationKind.Wrong)]
    [InlineData(HandshakeResult.Refused, SituationKind.NotReached)]
    internal void Every_result_is_a_situation(HandshakeResult result, SituationKind kind) =>
        Assert.Equal(kind, Of(Seen(result), LabBench.Responder).Kind);

    [Fact]
    public void Before_the_first_handshake_nobody_has_looked() =>
        Assert.Equal(SituationKind.Waiting, ServerSituation.Of(_lab.Kestrel, LabBench.Responder, _lab.Now).Kind);

    private ServerHistory Seen(HandshakeResult result)
    {
        _lab.See(result, result);
        return _lab.Kestrel;
    }

    private ServerSituation Of(ServerHistory server, ResponderView responder) =>
        ServerSituation.Of(server, responder, _lab.Now);
}
