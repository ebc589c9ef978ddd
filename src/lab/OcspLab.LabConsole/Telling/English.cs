using OcspLab.Lab.Commands;
using OcspLab.Lab.Timelines;
using OcspLab.LabConsole.Watching;
using OcspLab.Responder.Faults;

namespace OcspLab.LabConsole.Telling;

/// <summary>The page in English.</summary>
public sealed class English : Language
{
    public override string Code => "en";

    public override string Name => "English";

    public override string Result(HandshakeResult result) => result.ToWords();

    public override string Sentence(string server, ServerSituation situation)
    {
        var since = Duration(situation.For);
        var until = situation.Until is { } end ? $" until {Time(end)}" : "";
        return situation.Kind switch
        {
            SituationKind.Waiting => $"{server}: nobody has looked yet.",
            SituationKind.Good => $"{server} says good, which is true. Its staple is valid{until}.",
            SituationKind.StillGood =>
                $"{server} still says good, {Duration(situation.Behind)} after the certificate was revoked, and may"
                    + $"{until}.",
            SituationKind.Revoked => $"{server} has said revoked for {since}: its clients know.",
            SituationKind.StillRevoked =>
                $"{server} still says revoked, {Duration(situation.Behind)} after the certificate became good again.",
            SituationKind.Nothing =>
                $"{server} has stapled nothing for {since}: its clients must ask the authority, or go without.",
            SituationKind.Expired => $"{server} has stapled an expired answer for {since}: no client may believe it.",
            SituationKind.Wrong => $"{server} has stapled what no client may believe for {since} ({situation.Reason}).",
            _ => $"{server} has accepted no handshake for {since}.",
        };
    }

    public override string Event(LabEvent happened) =>
        happened.Kind switch
        {
            LabEventKind.Revoked => "the certificate was revoked",
            LabEventKind.Restored => "the certificate is good again",
            LabEventKind.FaultBegan => $"the responder misbehaves: {FaultNamed(happened.About)}",
            LabEventKind.FaultEnded => $"the responder no longer misbehaves: {FaultNamed(happened.About)}",
            LabEventKind.ResponderClosed => "the responder's port was closed",
            LabEventKind.ResponderOpened => "the responder's port was opened",
            LabEventKind.Restarted => $"{happened.About} was restarted",
            LabEventKind.Killed => $"{happened.About} was killed",
            LabEventKind.Refreshed => $"{happened.About} was asked to refresh its staple",
            LabEventKind.Burst => $"many clients at once for {happened.About}",
            LabEventKind.Visited => $"a browser visited {happened.About}",
            LabEventKind.Paused => "watching was paused",
            _ => "watching goes on",
        };

    public override string Duration(TimeSpan duration) =>
        duration switch
        {
            { TotalSeconds: < 90 } => $"{duration.TotalSeconds:0} s",
            { TotalMinutes: < 90 } => $"{duration.TotalMinutes:0} min",
            _ => $"{duration.TotalHours:0.#} h",
        };

    public override string Fault(FaultKind kind) => LabCommands.FaultWords(kind);

    public override TourText Step(string name) => Steps[name];

    protected override IReadOnlyDictionary<string, string> Texts { get; } =
        new Dictionary<string, string>
        {
            ["title"] = "OCSP stapling, live",
            ["lead"] =
                "A TLS server can show, beside its certificate, a fresh and signed answer of the certificate's "
                + "authority: good, or revoked. Such an answer is a staple (OCSP, the Online Certificate Status "
                + "Protocol). Several servers here have the same certificate (echo, for echocert.lab). Watch what "
                + "each of them staples.",
            ["what"] = "Who is who",
            ["kestrel"] =
                "The web server of .NET with OcspLab's stapling: asks ahead of time, verifies what it is told, "
                + "keeps it on disk.",
            ["kestrel-builtin"] =
                "The same web server with the stapling that .NET has built in: asks again when its answer is near its "
                + "end.",
            ["nginx"] = "nginx with ssl_stapling, as the article sets it up: asks when a client has come.",
            ["nginx-kept"] = "nginx with the staples that 'ocsplab keep' brings it.",
            ["haproxy"] = "HAProxy in front of the fleet: each connection goes to the next of its sites, as it is.",
            ["site"] =
                "Kestrel with OcspLab's stapling, one of the fleet: all of its sites share their staples in Redis, and "
                + "one of them asks for all.",
            ["responder"] = "responder",
            ["responderWhat"] =
                "The authority's server that answers questions about its certificates. All of them ask it.",
            ["paused"] = "Watching is paused: this is how it was.",
            ["help"] = "How to read this",
            ["misbehave"] = "Misbehave: {0}",
            ["noLab"] = "The lab is not up yet.",
            ["noResponder"] = "The responder's admin port does not answer.",
            ["now"] = "Now",
            ["strips"] = "What clients were stapled",
            ["stripsHelp"] =
                "The bar is what a client was stapled, from left to right; where there is no bar, nobody looked. "
                + "Dashed vertical lines are what happened, the solid one is now. The line above a bar is as long "
                + "as the last answer that was seen is valid, also where it is no longer stapled. Ticks below are "
                + "questions that reached the responder. Choose a part of a bar to look closer.",
            ["window"] = "Show the last",
            ["pause"] = "Pause watching",
            ["resume"] = "Go on watching",
            ["cost"] = "One handshake a second with each server.",
            ["actions"] = "Do something to it",
            ["revoke"] = "Revoke the certificate",
            ["restore"] = "Make it good again",
            ["close"] = "Close the responder's port",
            ["open"] = "Open the responder's port",
            ["fault"] = "Have the responder misbehave",
            ["faultKind"] = "In which way",
            ["for"] = "For",
            ["forever"] = "until it is ended",
            ["begin"] = "Begin",
            ["heal"] = "End all misbehaviour",
            ["restart"] = "Restart {0}",
            ["part"] = "Part of the fleet",
            ["kill"] = "Kill {0}",
            ["refresh"] = "Have kestrel refresh its staple",
            ["burst"] = "50 clients at once for {0}",
            ["browse"] = "Visit {1} with {0}",
            ["server"] = "Server",
            ["same"] = "The same on the command line:",
            ["busy"] = "at it …",
            ["waits"] = "after that",
            ["done"] = "Done:",
            ["failed"] = "That did not work:",
            ["events"] = "What happened",
            ["nothing"] = "nothing yet",
            ["moment"] = "One handshake, closely",
            ["momentHelp"] = "Choose a part of a bar above.",
            ["earlier"] = "Earlier",
            ["later"] = "Later",
            ["closeMoment"] = "Close",
            ["verdict"] = "Verdict",
            ["validity"] = "Valid",
            ["produced"] = "Signed at",
            ["signer"] = "Signed by",
            ["algorithm"] = "Signature",
            ["certId"] = "About (CertID)",
            ["handshake"] = "Handshake",
            ["chain"] = "Certificates",
            ["bytes"] = "Download",
            ["staple"] = "the staple (DER)",
            ["pem"] = "the chain (PEM)",
            ["log"] = "Its log, within two seconds",
            ["journal"] = "Questions to the responder",
            ["journalFilter"] = "Only those of",
            ["all"] = "all",
            ["time"] = "Time",
            ["who"] = "Who asked",
            ["said"] = "What it said",
            ["tour"] = "A guided walk",
            ["start"] = "Begin the walk",
            ["step"] = "Step {0} of {1}",
            ["do"] = "Do:",
            ["watch"] = "Then watch:",
            ["seen"] = "Seen.",
            ["notYet"] = "Not seen yet …",
            ["next"] = "Go on",
            ["skip"] = "Skip this step",
            ["end"] = "End the walk",
            ["over"] = "That was the walk. Every step of it was really seen, by handshakes with real servers.",
            ["skipped"] = "That was the walk.",
            ["export"] = "Keep it",
            ["exportHtml"] = "as a report (HTML, no scripts)",
            ["exportJson"] = "as data (JSON)",
            ["lost"] = "The lab's console does not answer any longer. Is the lab still up?",
            ["legend"] = "Legend",
            ["loginTitle"] = "Not with this address",
            ["login"] =
                "This page lets in whoever has the address that the lab printed when it came up. Open that one.",
        };

    private static readonly Dictionary<string, TourText> Steps = new()
    {
        ["good"] = new(
            "Several servers, one certificate",
            "Nothing: look at the bars.",
            "kestrel and nginx, if it is there, staple good.",
            "Each of them has asked the certificate's authority, and shows its signed answer in every handshake. The "
                + "client need not ask anybody: that is stapling."
        ),
        ["coldStart"] = new(
            "nginx begins with nothing",
            "Restart nginx.",
            "its very first handshake has no staple (a thin grey piece of its bar); then it says good again.",
            "nginx asks its authority only when a client has come, and forgets everything when it is restarted. The "
                + "first clients go without. kestrel asks before its port opens, and keeps staples on disk."
        ),
        ["revoked"] = new(
            "The certificate is revoked",
            "Revoke the certificate, as one does when its key was stolen.",
            "kestrel says revoked within seconds; the others go on with good.",
            "The authority says revoked. kestrel asks again soon and passes it on, so that its visitors' browsers "
                + "refuse the certificate. kestrel-builtin tells when its answer is near its end. nginx shows its "
                + "old answer to its end and then nothing: it has no way to staple a revocation that it fetched "
                + "itself."
        ),
        ["restored"] = new(
            "And good again",
            "Make it good again.",
            "kestrel says good.",
            "Outside of a lab only a certificate on hold can become good again."
        ),
        ["outage"] = new(
            "The authority is away",
            "Close the responder's port.",
            "kestrel goes on with good: five handshakes and more.",
            "A staple is good to its end, whoever is away. While it lasts, an outage is invisible to clients, "
                + "whichever server they visit."
        ),
        ["outageRestart"] = new(
            "A restart in the wrong moment",
            "Restart nginx, while the port is closed.",
            "nginx staples nothing any longer; kestrel still says good.",
            "nginx forgot its answer and cannot get another. kestrel would have read it from disk. With a certificate "
                + "that demands a staple (must-staple) nginx' site would be down now."
        ),
        ["over"] = new(
            "The authority is back",
            "Open the responder's port, and restart nginx once more: it would not ask again for minutes.",
            "nginx says good.",
            "After a failed attempt nginx waits for minutes before it asks again."
        ),
        ["forged"] = new(
            "A forged answer",
            "Have the responder sign wrongly for a minute. Then have kestrel refresh its staple: the refresh is "
                + "said to have failed, and is meant to.",
            "the responder was asked and lied; kestrel still says good, with its old staple.",
            "What does not verify is never stapled, and never takes the place of what does."
        ),
    };
}
