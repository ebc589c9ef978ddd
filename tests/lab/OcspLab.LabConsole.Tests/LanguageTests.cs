using System.Text.RegularExpressions;
using OcspLab.LabConsole.Telling;
using OcspLab.LabConsole.Touring;
using OcspLab.LabConsole.Watching;
using OcspLab.Lab.Timelines;
using OcspLab.Responder.Faults;

namespace OcspLab.LabConsole.Tests;

/// <summary>Both languages say everything.</summary>
public sealed class LanguageTests
{
    [Fact]
    public void They_have_the_same_texts_with_the_same_places_to_be_filled()
    {
        var english = Language.Of("en");
        var chinese = Language.Of("zh");
        Assert.Equal(english.Keys.Order(StringComparer.Ordinal), chinese.Keys.Order(StringComparer.Ordinal));
        foreach (var key in english.Keys)
            Assert.Equal(Places(english[key]), Places(chinese[key]));

        static IEnumerable<string> Places(string text) =>
            Regex.Matches(text, @"\{\d\}").Select(place => place.Value).Order(StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("en")]
    [InlineData("zh")]
    public void Everything_that_may_be_said_has_words(string code)
    {
        var language = Language.Of(code);
        string[] said =
        [
            .. Enum.GetValues<HandshakeResult>().Select(language.Result),
            .. Enum.GetValues<LabEventKind>().Select(kind => language.Event(new LabEvent(default, kind, "nginx"))),
            .. Enum.GetValues<FaultKind>().Select(language.Fault),
            .. Enum.GetValues<SituationKind>()
                .Select(kind =>
                    language.Sentence(
                        "nginx",
                        new ServerSituation(kind, default, DateTimeOffset.UnixEpoch, default, "")
                    )
                ),
        ];
        Assert.DoesNotContain("", said);
        Assert.Equal(said.Length, said.Distinct().Count());
        foreach (var step in Tour.Steps(hasNginx: true).Concat(Tour.Steps(hasNginx: false)))
            Assert.NotEqual("", language.Step(step.Name).Why);
    }

    [Fact]
    public void An_unknown_one_is_English() => Assert.Equal("en", Language.Of("tlh").Code);
}
