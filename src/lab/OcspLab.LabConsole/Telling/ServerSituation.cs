using OcspLab.Lab.Timelines;
using OcspLab.LabConsole.Watching;

namespace OcspLab.LabConsole.Telling;

/// <summary>How a server stands towards the truth.</summary>
/// <param name="Kind">In a word.</param>
/// <param name="For">How long it has been so, as far as it was seen.</param>
/// <param name="Until">The end of what it staples, or null.</param>
/// <param name="Behind">How long the truth has been another one; zero where the server tells it.</param>
/// <param name="Reason">Why it is wrong or not reached, or empty.</param>
public sealed record ServerSituation(
    SituationKind Kind,
    TimeSpan For,
    DateTimeOffset? Until,
    TimeSpan Behind,
    string Reason
)
{
    /// <summary>Follows from what was seen of a server, and from what its authority says.</summary>
    /// <param name="server">The server.</param>
    /// <param name="responder">What the responder says of the certificate.</param>
    /// <param name="now">The time.</param>
    public static ServerSituation Of(ServerHistory server, ResponderView responder, DateTimeOffset now)
    {
        if (server is not { Last: { } last, FirstAlike: { } first })
            return new ServerSituation(SituationKind.Waiting, default, null, default, "");
        var kind = KindOf(last.Result, responder);
        var behind = kind switch
        {
            SituationKind.StillGood => now - responder.RevokedAt!.Value,
            SituationKind.StillRevoked when responder.ChangedAt is { } changed => now - changed,
            _ => TimeSpan.Zero,
        };
        return new ServerSituation(
            kind,
            last.At - first.At,
            last.NextUpdate,
            behind < TimeSpan.Zero ? TimeSpan.Zero : behind,
            last.Reason ?? ""
        );
    }

    private static SituationKind KindOf(HandshakeResult result, ResponderView responder) =>
        result switch
        {
            HandshakeResult.Good => responder is { IsReached: true, RevokedAt: not null }
                ? SituationKind.StillGood
                : SituationKind.Good,
            HandshakeResult.Revoked => responder is { IsReached: true, RevokedAt: null }
                ? SituationKind.StillRevoked
                : SituationKind.Revoked,
            HandshakeResult.Unstapled => SituationKind.Nothing,
            HandshakeResult.Expired => SituationKind.Expired,
            HandshakeResult.Wrong => SituationKind.Wrong,
            _ => SituationKind.NotReached,
        };
}

/// <summary>How a server may stand.</summary>
public enum SituationKind
{
    /// <summary>Nobody has looked.</summary>
    Waiting,

    /// <summary>It staples good, and so it is.</summary>
    Good,

    /// <summary>It staples good, and the certificate is revoked.</summary>
    StillGood,

    /// <summary>It staples revoked, and so it is.</summary>
    Revoked,

    /// <summary>It staples revoked, and the certificate is good again.</summary>
    StillRevoked,

    /// <summary>It staples nothing.</summary>
    Nothing,

    /// <summary>It staples what is past its end.</summary>
    Expired,

    /// <summary>It staples what nobody may believe.</summary>
    Wrong,

    /// <summary>No handshake.</summary>
    NotReached,
}
