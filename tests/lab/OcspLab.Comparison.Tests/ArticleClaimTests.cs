using OcspLab.Comparison.Clients;
using OcspLab.Comparison.Findings;
using OcspLab.Comparison.Measurements;
using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Reports;
using OcspLab.Comparison.Results;

namespace OcspLab.Comparison.Tests;

/// <summary>What becomes of the article's claims.</summary>
public sealed class ArticleClaimTests
{
    [Fact]
    public void A_staple_that_is_faster_at_every_distance_holds()
    {
        var claim = Judge(
            "clients know the status sooner",
            Run with
            {
                Latencies =
                [
                    Took(StatusWay.Stapled, 0, 5),
                    Took(StatusWay.AsksResponder, 0, 6),
                    Took(StatusWay.Stapled, 20, 5),
                    Took(StatusWay.AsksResponder, 20, 46),
                ],
            }
        );
        Assert.Equal(
            (
                FindingVerdict.Holds,
                "0 ms to the responder: 5 ms stapled, 6 ms asking; 20 ms to the responder: 5 ms stapled, 46 ms asking"
            ),
            (claim.Verdict, claim.Evidence.ToText())
        );
    }

    [Fact]
    public void A_staple_that_is_slower_once_fails() =>
        Assert.Equal(
            FindingVerdict.Fails,
            Judge(
                "clients know the status sooner",
                Run with
                {
                    Latencies =
                    [
                        Took(StatusWay.Stapled, 0, 7),
                        Took(StatusWay.AsksResponder, 0, 6),
                        Took(StatusWay.Stapled, 20, 5),
                        Took(StatusWay.AsksResponder, 20, 46),
                    ],
                }
            ).Verdict
        );

    [Fact]
    public void One_server_that_tells_the_responder_of_a_client_fails_for_all()
    {
        var themselves = new CrowdLoad(CrowdLoad.AskThemselves, 10, 10, 10, 10);
        Assert.Equal(
            FindingVerdict.Holds,
            Judge(
                "the responder does not learn who visits a site",
                Run with
                {
                    Loads = [new("kestrel", 10, 10, 1, 0), themselves],
                }
            ).Verdict
        );
        Assert.Equal(
            FindingVerdict.Fails,
            Judge(
                "the responder does not learn who visits a site",
                Run with
                {
                    Loads = [new("kestrel", 10, 10, 1, 0), new("other", 10, 10, 1, 1), themselves],
                }
            ).Verdict
        );
    }

    [Fact]
    public void The_load_of_the_largest_crowd_counts()
    {
        var claim = Judge(
            "the responder is asked less",
            Run with
            {
                Loads =
                [
                    new("kestrel", 1, 1, 1, 0),
                    new(CrowdLoad.AskThemselves, 1, 1, 1, 1),
                    new("kestrel", 100, 100, 2, 0),
                    new(CrowdLoad.AskThemselves, 100, 100, 100, 100),
                ],
            }
        );
        Assert.Equal(
            (FindingVerdict.Holds, "for 100 clients: 2 by kestrel; 100 when they ask themselves"),
            (claim.Verdict, claim.Evidence.ToText())
        );
    }

    [Fact]
    public void Availability_holds_only_where_somebody_would_have_been_lost()
    {
        var claim = Judge(
            "sites stay reachable while the responder is down",
            Clients(
                ("goodUnstapled", "dotnet", ClientOutcome.Connects),
                ("goodDown", "dotnet", ClientOutcome.Connects),
                ("goodUnstapledDown", "dotnet", ClientOutcome.Refuses),
                ("goodDown", "curl", ClientOutcome.Connects),
                ("goodUnstapledDown", "curl", ClientOutcome.Connects)
            )
        );
        Assert.Equal(
            (FindingVerdict.Holds, "2 of 2 clients connect with a staple, 1 of 2 without; lost to the outage: dotnet"),
            (claim.Verdict, claim.Evidence.ToText())
        );
        // One that refuses unstapled sites anyway is no loss.
        Assert.Equal(
            FindingVerdict.Fails,
            Judge(
                "sites stay reachable while the responder is down",
                Clients(
                    ("goodUnstapled", "strict", ClientOutcome.Refuses),
                    ("goodDown", "strict", ClientOutcome.Connects),
                    ("goodUnstapledDown", "strict", ClientOutcome.Refuses)
                )
            ).Verdict
        );
        Assert.Equal(
            FindingVerdict.Fails,
            Judge(
                "sites stay reachable while the responder is down",
                Clients(
                    ("goodDown", "curl", ClientOutcome.Connects),
                    ("goodUnstapledDown", "curl", ClientOutcome.Connects)
                )
            ).Verdict
        );
        Assert.Equal(
            FindingVerdict.Fails,
            Judge(
                "sites stay reachable while the responder is down",
                Clients(
                    ("goodDown", "dotnet", ClientOutcome.Refuses),
                    ("goodUnstapledDown", "dotnet", ClientOutcome.Refuses)
                )
            ).Verdict
        );
    }

    [Fact]
    public void Availability_is_not_judged_before_every_client_was_there() =>
        Assert.Equal(
            FindingVerdict.Unseen,
            Judge(
                "sites stay reachable while the responder is down",
                Clients(
                    ("goodDown", "dotnet", ClientOutcome.Connects),
                    ("goodUnstapledDown", "dotnet", ClientOutcome.Refuses),
                    ("goodDown", "curl", ClientOutcome.Connects)
                )
            ).Verdict
        );

    [Fact]
    public void What_was_not_run_is_not_judged() =>
        Assert.All(ArticleClaim.Of(Run), claim => Assert.Equal(FindingVerdict.Unseen, claim.Verdict));

    [Theory]
    [InlineData(new[] { 3.0, 1.0, 2.0 }, 2.0, 1.0, 3.0)]
    [InlineData(new[] { 4.0, 1.0, 2.0, 3.0 }, 2.5, 1.0, 4.0)]
    public void A_spread_has_the_middle_and_both_ends(double[] numbers, double median, double lowest, double highest) =>
        Assert.Equal(new Spread(median, lowest, highest, numbers.Length), Spread.Of(numbers));

    [Fact]
    public void There_is_no_spread_of_nothing() => Assert.Throws<ArgumentException>(() => Spread.Of([]));

    private static ArticleClaim Judge(string claim, ComparisonResult result) =>
        ArticleClaim.Of(result).Single(candidate => candidate.Claim == claim);

    private static Latency Took(StatusWay way, int roundTrip, double milliseconds) =>
        new(way, TimeSpan.FromMilliseconds(roundTrip), new Spread(milliseconds, milliseconds, milliseconds, 1));

    private static ComparisonResult Clients(
        params (string Case, string Client, ClientOutcome Outcome)[] observations
    ) =>
        Run with
        {
            Clients = new ClientMatrix(
                [
                    .. observations
                        .Select(seen => seen.Client)
                        .Distinct()
                        .Select(client => new ComparedProgram(client, "1", "")),
                ],
                [],
                [],
                [.. observations.Select(seen => new ClientObservation(seen.Client, seen.Case, seen.Outcome, "", 0))]
            ),
        };

    private static ComparisonResult Run => new(default, default, default, 1, [], [], []);
}
