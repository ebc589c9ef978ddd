using OcspLab.Comparison.Findings;
using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Reports;
using OcspLab.Comparison.Scenarios;
using OcspLab.Lab.Timelines;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Comparison.Tests;

/// <summary>What is concluded from what was seen.</summary>
public sealed class FindingTests
{
    [Fact]
    public void A_server_that_asks_by_itself_and_staples_from_the_start_holds()
    {
        var findings = Judge(Run("undisturbed", "5 good, 6 good, 7 good, 8 good", before: 1));
        Assert.Equal(FindingVerdict.Holds, findings["asks before the first client"].Verdict);
        Assert.Equal(FindingVerdict.Holds, findings["the very first handshake is stapled"].Verdict);
        Assert.Equal(FindingVerdict.Holds, findings["is never without a staple while all is well"].Verdict);
    }

    [Fact]
    public void A_first_handshake_without_a_staple_is_a_failure_and_one_that_was_refused_is_none()
    {
        Assert.Equal(
            FindingVerdict.Fails,
            Judge(Run("undisturbed", "4 refused, 5 unstapled, 6 good"))["the very first handshake is stapled"].Verdict
        );
        Assert.Equal(
            FindingVerdict.Holds,
            Judge(Run("undisturbed", "4 refused, 5 good, 6 good"))["the very first handshake is stapled"].Verdict
        );
    }

    [Fact]
    public void A_staple_that_lasts_longer_and_is_gone_is_lost() =>
        Assert.Equal(
            "closed: lost after 5 s",
            Judge(Run("closed", "5 good until 30, 15 unstapled"))[
                "keeps its good staple to its end while the responder misbehaves"
            ]
                .Evidence.ToText()
        );

    [Fact]
    public void A_staple_that_ends_is_not_lost() =>
        Assert.Equal(
            FindingVerdict.Holds,
            Judge(Run("closed", "5 good until 30, 29 good until 30, 31 unstapled"))[
                "keeps its good staple to its end while the responder misbehaves"
            ].Verdict
        );

    [Fact]
    public void An_expired_staple_is_a_failure_wherever_it_was() =>
        Assert.Equal(
            "tryLater: still 1 s later",
            Judge(Run("undisturbed", "5 good"), Run("tryLater", "5 good until 30, 31 expired"))[
                "staples nothing past its nextUpdate"
            ]
                .Evidence.ToText()
        );

    [Fact]
    public void A_revocation_that_is_told_holds_and_one_that_is_withheld_does_not()
    {
        Assert.Equal(
            "good for 2 s, then revoked",
            Judge(Run("revoked", "9 good, 12 good, 13 revoked"))["tells of a revocation"].Evidence.ToText()
        );
        var withheld = Judge(Run("revoked", "9 good, 30 good, 31 unstapled"))["tells of a revocation"];
        Assert.Equal(
            (FindingVerdict.Fails, "good for 20 s, then nothing"),
            (withheld.Verdict, withheld.Evidence.ToText())
        );
    }

    [Fact]
    public void A_must_staple_certificate_without_its_staple_is_a_failure_and_a_refused_handshake_is_none()
    {
        var bare = Judge(Run("mustStaple", "4 refused, 5 unstapled, 30 good"))[
            "shows a must-staple certificate only with its staple"
        ];
        Assert.Equal((FindingVerdict.Fails, "1 of 3 handshakes without"), (bare.Verdict, bare.Evidence.ToText()));
        Assert.Equal(
            FindingVerdict.Holds,
            Judge(Run("mustStaple", "4 refused, 30 good"))[
                "shows a must-staple certificate only with its staple"
            ].Verdict
        );
        Assert.Equal(
            FindingVerdict.Fails,
            Judge(Run("mustStaple", "4 refused, 30 good, 31 refused"))[
                "shows a must-staple certificate only with its staple"
            ].Verdict
        );
    }

    [Fact]
    public void A_must_staple_certificate_with_a_wrong_staple_at_the_end_is_a_failure_that_says_so() =>
        Assert.Equal(
            "at the end a wrong answer",
            Judge(Run("mustStaple", "4 refused, 5 wrong, 30 wrong"))[
                "shows a must-staple certificate only with its staple"
            ]
                .Evidence.ToText()
        );

    [Fact]
    public void Runs_that_say_the_same_are_told_as_one_with_median_and_spread()
    {
        var finding = Judge(
            Run("revoked", "9 good, 12 good, 13 revoked"),
            Run("revoked", "9 good, 14 good, 15 revoked") with
            {
                Run = 2,
            },
            Run("revoked", "9 good, 17 good, 18 revoked") with
            {
                Run = 3,
            }
        )["tells of a revocation"];
        Assert.Equal(
            (FindingVerdict.Holds, "good for 4 s (2–7), then revoked"),
            (finding.Verdict, finding.Evidence.ToText())
        );
    }

    [Fact]
    public void Runs_that_differ_are_told_apart_and_one_that_failed_is_a_failure()
    {
        var finding = Judge(
            Run("revoked", "9 good, 12 good, 13 revoked"),
            Run("revoked", "9 good, 30 good, 31 unstapled") with
            {
                Run = 2,
            },
            Run("revoked", "9 good, 14 good, 15 revoked") with
            {
                Run = 3,
            }
        )["tells of a revocation"];
        Assert.Equal(
            (
                FindingVerdict.Fails,
                "1 of 3 runs: good for 20 s, then nothing; 2 of 3 runs: good for 3 s (2–4), then revoked"
            ),
            (finding.Verdict, finding.Evidence.ToText())
        );
    }

    [Fact]
    public void How_late_an_expired_staple_was_is_counted_from_the_one_before_it() =>
        Assert.Equal(
            "tryLater: still 3 s later",
            Judge(Run("tryLater", "5 good until 30, 33 expired, 40 good until 80"))[
                "staples nothing past its nextUpdate"
            ]
                .Evidence.ToText()
        );

    [Fact]
    public void A_server_that_refused_all_through_an_outage_was_not_seen_to_keep_its_staple()
    {
        var finding = Judge(
            Run("restart", "5 good, 12 refused, 15 refused, 25 good, 50 good") with
            {
                Ended = TimeSpan.FromSeconds(20),
            }
        )["is stapled again soon after the outage"];
        Assert.Equal(
            (FindingVerdict.Holds, "after 5 s, asked 0× during it"),
            (finding.Verdict, finding.Evidence.ToText())
        );
    }

    [Fact]
    public void What_is_wrong_everywhere_is_said_once()
    {
        var finding = Judge(
            Run("closed", "5 good until 30, 31 expired"),
            Run("hang", "5 good until 30, 33 expired"),
            Run("html", "5 good until 30, 35 expired")
        )["staples nothing past its nextUpdate"];
        Assert.Equal(
            (FindingVerdict.Fails, "in all 3 scenarios: still 3 s (1–5) later"),
            (finding.Verdict, finding.Evidence.ToText())
        );
    }

    [Fact]
    public void A_staple_that_came_through_an_outage_was_never_lost()
    {
        var finding = Judge(
            Run("restart", "5 good, 11 refused, 12 good, 25 good, 50 good") with
            {
                Ended = TimeSpan.FromSeconds(20),
            }
        )["is stapled again soon after the outage"];
        Assert.Equal(
            (FindingVerdict.Holds, "it was never lost, asked 0× during it"),
            (finding.Verdict, finding.Evidence.ToText())
        );
    }

    [Fact]
    public void A_staple_that_is_not_back_when_nobody_looks_any_more_is_unseen_and_later_a_failure()
    {
        var soon = Judge(
            Run("restart", "5 good, 12 unstapled, 25 unstapled, 50 unstapled") with
            {
                Ended = TimeSpan.FromSeconds(20),
            }
        )["is stapled again soon after the outage"];
        Assert.Equal(
            (FindingVerdict.Unseen, "not within 30 s, asked 0× during it"),
            (soon.Verdict, soon.Evidence.ToText())
        );
        Assert.Equal(
            FindingVerdict.Fails,
            Judge(
                Run("restart", "5 good, 12 unstapled, 25 unstapled, 90 unstapled") with
                {
                    Ended = TimeSpan.FromSeconds(20),
                }
            )["is stapled again soon after the outage"].Verdict
        );
    }

    [Fact]
    public void A_run_that_failed_is_told_apart_though_its_words_are_the_same()
    {
        var finding = Judge(
            Run("undisturbed", "5 good", before: 1),
            Run("undisturbed", "5 good", before: 0) with
            {
                Run = 2,
            },
            Run("undisturbed", "5 good", before: 2) with
            {
                Run = 3,
            }
        )["asks before the first client"];
        Assert.Equal(
            (FindingVerdict.Fails, "1 of 3 runs: asked 0× before; 2 of 3 runs: asked 1.5× (1–2) before"),
            (finding.Verdict, finding.Evidence.ToText())
        );
    }

    [Fact]
    public void A_fault_that_was_seen_in_one_of_the_runs_says_in_how_many()
    {
        var finding = Judge(
            Run("closed", "5 good until 30, 15 unstapled"),
            Run("closed", "5 good until 30, 29 good until 30") with
            {
                Run = 2,
            }
        )["keeps its good staple to its end while the responder misbehaves"];
        Assert.Equal(
            (FindingVerdict.Fails, "closed (1 of 2 runs): lost after 5 s"),
            (finding.Verdict, finding.Evidence.ToText())
        );
    }

    [Fact]
    public void What_was_not_run_is_not_judged()
    {
        Assert.All(Judge().Values, finding =>
            Assert.Equal((FindingVerdict.Unseen, "not run"), (finding.Verdict, finding.Evidence.ToText()))
        );
        Assert.Equal(
            FindingVerdict.Unseen,
            Judge(Run("closed", "5 good"))["the very first handshake is stapled"].Verdict
        );
    }

    [Fact]
    public void A_server_that_died_failed_and_says_how()
    {
        var finding = Judge(Run("undisturbed", "5 refused") with { Failure = "it ended with 1" })[
            "the very first handshake is stapled"
        ];
        Assert.Equal((FindingVerdict.Fails, "it ended with 1"), (finding.Verdict, finding.Evidence.ToText()));
    }

    [Fact]
    public void A_run_that_was_cut_short_is_not_judged() =>
        Assert.All(Judge(Run("restart", "5 good, 6 good") with { IsCutShort = true }).Values, finding =>
            Assert.Equal(FindingVerdict.Unseen, finding.Verdict)
        );

    [Fact]
    public void A_staple_that_is_lost_undisturbed_too_is_not_the_troubles_doing() =>
        Assert.Equal(
            FindingVerdict.Unseen,
            Judge(
                Run("undisturbed", "5 good until 300, 15 unstapled"),
                Run("closed", "5 good until 300, 15 unstapled")
            )["keeps its good staple to its end while the responder misbehaves"].Verdict
        );

    [Fact]
    public void A_server_is_one_sentence_about_everything_that_it_failed_at()
    {
        var findings = BehaviourJudge.Judge(
            "one",
            [Run("undisturbed", "4 unstapled, 5 good, 6 good"), Run("revoked", "9 good, 12 good, 13 unstapled")]
        );
        Assert.Equal(
            "asks nobody before its first client, has no good staple at the first handshake, is without a staple at "
                + "times, though all is well, and never tells of a revocation.",
            BehaviourWords.Sentence("one", findings)
        );
        Assert.Equal("nothing to be said against it in what was seen.", BehaviourWords.Sentence("other", findings));
    }

    [Fact]
    public void What_a_server_is_late_with_for_its_interval_alone_is_no_verdict()
    {
        var hourly = new FixedInterval(TimeSpan.FromHours(1), "looks once an hour");
        var findings = BehaviourJudge
            .Judge(
                "one",
                [
                    Run("undisturbed", "4 unstapled, 5 good until 30, 40 expired until 30"),
                    Run("revoked", "9 good until 30, 12 good until 30, 40 unstapled"),
                ],
                hourly
            )
            .ToDictionary(finding => finding.Behaviour);
        foreach (var late in (string[])["is never without a staple while all is well", "tells of a revocation"])
        {
            Assert.Equal(FindingVerdict.Unseen, findings[late].Verdict);
            Assert.Equal("it looks once an hour", findings[late].Evidence.ToText());
        }

        // Whoever looks at what it sends sends nothing that has ended, however seldom it asks.
        Assert.Equal(FindingVerdict.Fails, findings["staples nothing past its nextUpdate"].Verdict);

        // No interval is a reason for this.
        Assert.Equal(FindingVerdict.Fails, findings["the very first handshake is stapled"].Verdict);
    }

    [Fact]
    public void Every_row_says_why_it_matters() =>
        Assert.All(Judge().Keys, behaviour => Assert.NotEmpty(BehaviourWords.Why(behaviour)));

    private static Dictionary<string, Finding> Judge(params ScenarioRunResult[] runs) =>
        BehaviourJudge.Judge("one", runs).ToDictionary(finding => finding.Behaviour);

    // The trouble begins at 10 s.
    private static ScenarioRunResult Run(string scenario, string story, int before = 0) =>
        new(
            "one",
            scenario,
            Scenario.All.Single(known => known.Name == scenario).Kind,
            [.. story.Split(", ").Select(Read)],
            [new ResponderRequest(TimeSpan.FromSeconds(1), ResponseOutcome.Good, null)],
            TimeSpan.FromSeconds(10),
            null
        )
        {
            BeforeClients = before,
        };

    private static Observation Read(string moment)
    {
        var words = moment.Split(' ');
        return new Observation(
            Seconds(words[0]),
            Enum.Parse<HandshakeResult>(words[1], ignoreCase: true),
            null,
            words.Length > 3 ? Seconds(words[3]) : null
        );
    }

    private static TimeSpan Seconds(string text) =>
        TimeSpan.FromSeconds(int.Parse(text, System.Globalization.CultureInfo.InvariantCulture));
}
