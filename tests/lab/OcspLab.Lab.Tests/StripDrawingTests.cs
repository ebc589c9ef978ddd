using System.Xml.Linq;
using OcspLab.Lab.Timelines;

namespace OcspLab.Lab.Tests;

/// <summary>A strip as a drawing.</summary>
public sealed class StripDrawingTests
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(100);

    [Fact]
    public void A_result_begins_where_it_was_first_seen_and_ends_where_another_was()
    {
        var groups = Draw([
                Seen(10, HandshakeResult.Good),
                Seen(60, HandshakeResult.Unstapled),
                Seen(80, HandshakeResult.Unstapled),
            ])
            .Elements("g")
            .ToList();
        Assert.Equal(["good", "unstapled"], groups.Select(group => (string?)group.Attribute("class")));
        Assert.Equal("10%", (string?)groups[0].Element("rect")!.Attribute("x"));
        Assert.Equal("50%", (string?)groups[0].Element("rect")!.Attribute("width"));
        Assert.Equal("site: good, 10 to 60 s", groups[0].Element("title")!.Value);
    }

    [Fact]
    public void No_two_results_have_the_same_shape()
    {
        var shapes = Enum.GetValues<HandshakeResult>()
            .Select(result =>
                string.Join(
                    ' ',
                    XElement
                        .Parse($"<svg>{StripDrawing.Sample(result)}</svg>")
                        .Descendants("rect")
                        .Select(bar => $"{(string?)bar.Attribute("y")}+{(string?)bar.Attribute("height")}")
                )
            )
            .ToList();
        Assert.Equal(shapes.Count, shapes.Distinct().Count());
    }

    [Fact]
    public void A_name_cannot_become_markup() =>
        Assert.Equal(
            "<script>alert(1)</script>: good, 1 to 1 s",
            Draw([Seen(1, HandshakeResult.Good)], "<script>alert(1)</script>").Element("g")!.Element("title")!.Value
        );

    [Fact]
    public void Requests_and_events_outside_of_the_strip_are_left_out()
    {
        Strip strip = new("site", [], [Seconds(-1), Seconds(5), Seconds(101)], [Seconds(50), Seconds(200)]);
        var svg = XElement.Parse($"<svg>{StripDrawing.Draw(strip, Length, HandshakeResults.ToWords)}</svg>");
        Assert.Equal("5%", (string?)Assert.Single(svg.Elements(), IsA("request")).Attribute("x1"));
        Assert.Equal("50%", (string?)Assert.Single(svg.Elements(), IsA("trouble")).Attribute("x1"));

        static Predicate<XElement> IsA(string kind) => element => (string?)element.Attribute("class") == kind;
    }

    private static XElement Draw(Observation[] seen, string name = "site") =>
        XElement.Parse(
            $"<svg>{StripDrawing.Draw(new Strip(name, seen, [], []), Length, HandshakeResults.ToWords)}</svg>"
        );

    private static Observation Seen(int at, HandshakeResult result) => new(Seconds(at), result);

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}
