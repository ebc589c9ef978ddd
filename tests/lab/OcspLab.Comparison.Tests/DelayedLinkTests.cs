using System.Net;
using System.Net.Sockets;
using OcspLab.Comparison.Measurements;
using OcspLab.Testing;

namespace OcspLab.Comparison.Tests;

/// <summary>The relay that makes a near responder far.</summary>
public sealed class DelayedLinkTests
{
    [Fact]
    public async Task What_is_sent_arrives_in_order_both_ways_and_the_end_too()
    {
        using var echo = new TcpListener(IPAddress.Loopback, 0);
        echo.Start();
        var serving = Task.Run(
            async () =>
            {
                using var served = await echo.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
                await served.GetStream().CopyToAsync(served.GetStream(), TestContext.Current.CancellationToken);
                served.Client.Shutdown(SocketShutdown.Send);
            },
            TestContext.Current.CancellationToken
        );
        await using var link = new DelayedLink(
            ((IPEndPoint)echo.LocalEndpoint).Port,
            TimeSpan.FromMilliseconds(4),
            TimeProvider.System
        );
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, link.Port, TestContext.Current.CancellationToken);
        var sent = Enumerable.Range(0, 100_000).Select(number => (byte)number).ToArray();
        var sending = Task.Run(
            async () =>
            {
                await client.GetStream().WriteAsync(sent, TestContext.Current.CancellationToken);
                client.Client.Shutdown(SocketShutdown.Send);
            },
            TestContext.Current.CancellationToken
        );
        using var received = new MemoryStream();
        await client.GetStream().CopyToAsync(received, TestContext.Current.CancellationToken);
        await sending;
        await serving;
        Assert.Equal(sent, received.ToArray());
    }

    [Fact]
    public async Task Nothing_arrives_before_its_time()
    {
        var clock = new CountingTime();
        using var far = new TcpListener(IPAddress.Loopback, 0);
        far.Start();
        await using var link = new DelayedLink(
            ((IPEndPoint)far.LocalEndpoint).Port,
            TimeSpan.FromMilliseconds(100),
            clock
        );
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, link.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(new byte[] { 7 }, TestContext.Current.CancellationToken);
        using var server = await far.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var arriving = server.GetStream().ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask();
        await Poll.UntilAsync(() => clock.Timers > 0, "the relay holds the byte");

        // A round trip for the connection and half of one for the byte.
        clock.Advance(TimeSpan.FromMilliseconds(149));
        await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
        Assert.False(arriving.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await arriving);
    }

    [Fact]
    public async Task When_the_far_side_is_not_there_the_connection_ends()
    {
        await using var link = new DelayedLink(FreePort.Find(), TimeSpan.Zero, TimeProvider.System);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, link.Port, TestContext.Current.CancellationToken);
        try
        {
            Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        }
        catch (IOException)
        {
            // Reset, which is an end as well.
        }
    }

    private sealed class CountingTime : Microsoft.Extensions.Time.Testing.FakeTimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _timers);
            return timer;
        }
    }
}
