using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using OcspLab.Ocsp.Responses;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>What instances tell each other, and what they make of what they hear.</summary>
public sealed class FleetNewsTests : EngineBench
{
    private readonly ScriptedChannel _channel = new();

    public FleetNewsTests()
    {
        Channel = _channel;
        Store = new DistributedStapleStore(new CountingCache(Clock), Clock);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task What_is_saved_is_told()
    {
        Client.Answer(Staples.Verified());
        var slot = Add();
        await Poll.UntilAsync(() => AdvancedAsync(() => !_channel.Told.IsEmpty), "it is told");
        Assert.Equal([slot.Key], _channel.Told);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task Who_hears_of_it_looks_into_the_store_and_asks_nobody()
    {
        Client.Answer(Staples.Verified());
        var slot = Add();
        await Poll.UntilAsync(() => AdvancedAsync(() => slot.Current is not null), "the first staple");
        var (calls, due) = (Client.Calls, slot.Status.NextRefresh);
        // Nothing new: whoever can write to the channel can make nobody ask a responder.
        for (var number = 0; number < 20; number++)
            _channel.Say(slot.Key);
        await PassAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));
        Assert.Equal((calls, due), (Client.Calls, slot.Status.NextRefresh));

        var revoked = Staples.Verified(
            CertStatus.Revoked(TestAuthority.Now.AddHours(-1)),
            thisUpdate: TestAuthority.Now.AddMinutes(-1)
        );
        await Store!.SaveAsync(slot.Key, revoked, TestContext.Current.CancellationToken);
        _channel.Say(slot.Key);
        await Poll.UntilAsync(
            () => AdvancedAsync(() => slot.Status is { IsRevoked: true, LastOutcome: RefreshOutcome.Shared }),
            "it is stapled"
        );
        Assert.Equal(calls, Client.Calls);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task What_is_no_certificate_of_this_server_is_passed_over()
    {
        Client.Answer(Staples.Verified());
        var slot = Add();
        await Poll.UntilAsync(() => AdvancedAsync(() => slot.Current is not null), "the first staple");
        _channel.Say("");
        _channel.Say("../../etc/passwd");
        _channel.Say(new string('a', 1 << 20));
        await PassAsync(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1));
        Assert.Equal(1, Client.Calls);
        Assert.NotNull(slot.Current);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task A_channel_that_breaks_is_listened_to_again_and_said_once()
    {
        Client.Answer(Staples.Verified());
        Add();
        for (var number = 0; number < 3; number++)
        {
            var listened = _channel.Listened;
            _channel.Break();
            await Poll.UntilAsync(() => AdvancedAsync(() => _channel.Listened > listened), "it listens again");
        }

        Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "ChannelFailed");
        _channel.Say("x");
        await Poll.UntilAsync(
            () => AdvancedAsync(() => Log.GetSnapshot().Any(record => record.Id.Name == "ChannelRecovered")),
            "it works again"
        );
    }

    [Fact, Trait("Rule", "S26")]
    public async Task A_channel_that_hangs_holds_up_nothing()
    {
        _channel.Hangs = true;
        Client.Answer(Staples.Verified());
        var slot = Add();
        await Poll.UntilAsync(
            () => AdvancedAsync(() => slot.Status.LastOutcome == RefreshOutcome.Good),
            "the turn ends"
        );
        Assert.Contains(Log.GetSnapshot(), record => record.Id.Name == "ChannelFailed");
    }

    [Fact, Trait("Rule", "S26")]
    public async Task What_may_have_been_missed_is_looked_for_when_the_channel_is_heard_again()
    {
        Client.Answer(Staples.Verified());
        var slot = Add();
        await Poll.UntilAsync(() => AdvancedAsync(() => slot.Current is not null), "the first staple");
        await Store!.SaveAsync(
            slot.Key,
            Staples.Verified(
                CertStatus.Revoked(TestAuthority.Now.AddHours(-1)),
                thisUpdate: TestAuthority.Now.AddMinutes(-1)
            ),
            TestContext.Current.CancellationToken
        );
        _channel.Break();
        _channel.Say("");
        await Poll.UntilAsync(() => AdvancedAsync(() => slot.Status.IsRevoked), "it is stapled");
        Assert.Equal(1, Client.Calls);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task However_much_is_heard_what_is_due_is_asked_for()
    {
        Client.Answer(Staples.Verified());
        var slot = Add();
        await Poll.UntilAsync(() => AdvancedAsync(() => slot.Current is not null), "the first staple");
        var due = slot.Status.NextRefresh!.Value;
        using var saying = new CancellationTokenSource();
        // Faster than a turn takes.
        var flood = FloodAsync(slot.Key, saying.Token);
        while (Clock.GetUtcNow() < due)
            await AdvanceAsync(TimeSpan.FromMinutes(30));
        await Poll.UntilAsync(() => AdvancedAsync(() => Client.Calls > 1), "it is asked for");
        await saying.CancelAsync();
        await flood;
    }

    private async Task FloodAsync(string certificate, CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            for (var number = 0; number < 50; number++)
                _channel.Say(certificate);
            await Task.Delay(1, CancellationToken.None);
        }
    }

    private async Task<bool> AdvancedAsync(Func<bool> condition)
    {
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        return condition();
    }

    private sealed class ScriptedChannel : IStapleChannel
    {
        private Channel<string> _messages = System.Threading.Channels.Channel.CreateUnbounded<string>();
        private int _listened;

        public ConcurrentQueue<string> Told { get; } = [];

        public bool Hangs { get; set; }

        public int Listened => Volatile.Read(ref _listened);

        public void Say(string certificate) => _messages.Writer.TryWrite(certificate);

        public void Break()
        {
            var before = _messages;
            _messages = System.Threading.Channels.Channel.CreateUnbounded<string>();
            before.Writer.Complete(new IOException("the line is dead"));
        }

        public async ValueTask TellAsync(string certificate, CancellationToken cancellationToken)
        {
            if (Hangs)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            Told.Enqueue(certificate);
        }

        public async IAsyncEnumerable<string> ListenAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _listened);
            await foreach (var message in _messages.Reader.ReadAllAsync(cancellationToken))
                yield return message;
        }
    }
}
