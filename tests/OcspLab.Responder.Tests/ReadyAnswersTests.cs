using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

public sealed class ReadyAnswersTests
{
    private static readonly byte[] Question = [1, 2, 3];
    private static readonly DateTimeOffset Now = TestAuthority.Now;
    private readonly ReadyAnswers _ready = new(8);

    [Fact, Trait("Rule", "R41")]
    public void An_answer_is_given_until_it_is_to_be_renewed()
    {
        Remember(Question, "01");
        Assert.True(_ready.TryFind(Question, Now.AddMinutes(59), out _));
        Assert.False(_ready.TryFind(Question, Now.AddHours(1), out _));
    }

    [Fact, Trait("Rule", "R44")]
    public void What_was_looked_up_before_a_change_is_not_kept_after_it()
    {
        var version = _ready.Version;
        _ready.Forget("01");
        Remember(Question, "01", version);
        Assert.False(_ready.TryFind(Question, Now, out _));
    }

    [Fact, Trait("Rule", "R44")]
    public void A_change_drops_the_answers_about_its_certificate_and_no_others()
    {
        Remember(Question, "01");
        Remember([4], "02");
        _ready.Forget("01");
        Assert.False(_ready.TryFind(Question, Now, out _));
        Assert.True(_ready.TryFind([4], Now, out _));
        _ready.Forget(null);
        Assert.Equal(0, _ready.Count);
    }

    [Fact]
    public void There_are_never_more_than_asked_for()
    {
        for (byte question = 0; question < 100; question++)
        {
            Remember([question], $"{question:x2}");
            Assert.InRange(_ready.Count, 1, 8);
            Assert.True(_ready.TryFind([question], Now, out _));
        }
    }

    private void Remember(byte[] question, string serialNumber, long? version = null) =>
        _ready.Remember(question, serialNumber, new OcspReply(Question, "good", null), Now.AddHours(1), version ?? _ready.Version);
}
