using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Listening;
using OcspLab.Responder.Responding;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>What one client may take from the others: connections, signatures, room in the log.</summary>
public sealed class LimitsTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();

    [Fact]
    public async Task Idle_connections_keep_nobody_out()
    {
        _bench.Settings["MaximumConnections"] = "40";
        _bench.Settings["MaximumConnectionsPerAddress"] = "30";
        _bench.Settings["IdleTimeout"] = "01:00:00";
        await _bench.StartAsync();
        var idle = new List<Socket>();
        try
        {
            for (var number = 0; number < 120; number++)
            {
                try
                {
                    idle.Add(await ConnectAsync($"127.0.1.{number % 4}"));
                }
                catch (SocketException)
                {
                    // There was no room.
                }
            }

            await Poll.UntilAsync(IsServedAsync, "the room that one of them makes");
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public void An_address_has_its_share_and_a_network_of_ipv6_counts_as_one()
    {
        var table = new ConnectionTable(10, 3, _bench.Clock);
        for (var number = 0; number < 3; number++)
            Assert.NotNull(Admit(table, $"2001:db8::{number}"));
        Assert.Null(Admit(table, "2001:db8::9"));
        Assert.NotNull(Admit(table, "2001:db8:0:1::9"));
        Assert.Equal(4, table.Count);
    }

    [Fact]
    public void The_one_that_has_asked_nothing_for_longest_makes_room()
    {
        var table = new ConnectionTable(3, 3, _bench.Clock);
        var closed = new List<string>();
        var first = table.TryAdmit(new IPEndPoint(IPAddress.Loopback, 1), () => closed.Add("first"))!;
        table.TryAdmit(new IPEndPoint(IPAddress.Loopback, 2), () => closed.Add("second"));
        table.TryAdmit(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 3), () => closed.Add("third"));
        // All of them have just come.
        Assert.Null(Admit(table, "192.0.2.2"));
        _bench.Clock.Advance(TimeSpan.FromSeconds(2));
        first.Begin();
        first.End();
        Assert.NotNull(Admit(table, "192.0.2.2"));
        Assert.Equal(["second"], closed);
        Assert.NotNull(Admit(table, "192.0.2.3"));
        Assert.Equal(["second", "third"], closed);
        Assert.Equal(3, table.Count);
        first.Leave();
        first.Leave();
        Assert.Equal(2, table.Count);
    }

    [Fact]
    public async Task While_single_answers_wait_for_their_turn_those_for_all_are_given_and_signed()
    {
        _bench.Settings["MaximumConcurrentSignings"] = "1";
        _bench.Settings["MaximumWaitingSignings"] = "0";
        await _bench.StartAsync();
        var server = _bench.Authority.Server();
        await _bench.RegisterAsync(server);
        var subject = OcspSubject.FromCertificate(server, _bench.Authority.Certificate);
        using var turn = await _bench
            .Services.GetRequiredService<SigningGate>()
            .EnterSigningAsync(Signing.ForOne, TestContext.Current.CancellationToken);
        Assert.True(turn.IsAcquired);
        var id = subject.ToCertId(CertIdHash.Sha1);
        Assert.Equal(OcspResponseStatus.TryLater, await StatusAsync(new() { CertIds = [id], Nonce = new byte[16] }));
        Assert.Equal(OcspResponseStatus.TryLater, await StatusAsync(new() { CertIds = [id, id] }));
        Assert.Equal(OcspResponseStatus.TryLater, await StatusAsync(Invented(1)));
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(subject)).Status.Kind);
    }

    [Fact, Trait("Rule", "R41")]
    public async Task Where_there_is_no_turn_what_was_signed_before_is_given_until_its_end()
    {
        _bench.Settings["MaximumConcurrentSignings"] = "1";
        _bench.Settings["MaximumWaitingSignings"] = "0";
        await _bench.StartAsync();
        var server = _bench.Authority.Server();
        await _bench.RegisterAsync(server);
        var subject = OcspSubject.FromCertificate(server, _bench.Authority.Certificate);
        var ready = await _bench.StapleAsync(subject);
        _bench.Clock.Advance(TimeSpan.FromHours(17));
        using var turn = await _bench
            .Services.GetRequiredService<SigningGate>()
            .EnterSigningAsync(Signing.ForAll, TestContext.Current.CancellationToken);
        Assert.Equal(ready.Encoded.ToArray(), (await _bench.StapleAsync(subject)).Encoded.ToArray());
    }

    [Fact]
    public async Task Who_waits_for_a_turn_is_told_to_try_later_when_it_does_not_come()
    {
        _bench.Settings["MaximumConcurrentSignings"] = "1";
        await _bench.StartAsync();
        using var turn = await _bench
            .Services.GetRequiredService<SigningGate>()
            .EnterSigningAsync(Signing.ForOne, TestContext.Current.CancellationToken);
        var answer = StatusAsync(Invented(1));
        await Poll.UntilAsync(
            () =>
            {
                _bench.Clock.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(answer.IsCompleted);
            },
            "the end of its patience"
        );
        Assert.Equal(OcspResponseStatus.TryLater, await answer);
    }

    [Fact, Trait("Rule", "R25")]
    public async Task Serial_numbers_that_cannot_be_ours_are_not_looked_up()
    {
        _bench.Settings["Authorities:test:SerialPrefixes:0"] = "12";
        _bench.Add("test", _bench.Authority.Certificate, _bench.Authority.Delegate());
        await _bench.StartAsync();
        Assert.Equal(OcspResponseStatus.Successful, await StatusAsync(Invented(0x1267)));
        Assert.Equal(OcspResponseStatus.Unauthorized, await StatusAsync(Invented(0x1367)));
    }

    [Fact, Trait("Rule", "R25")]
    public async Task Serial_numbers_of_more_than_20_octets_are_nobodys()
    {
        await _bench.StartAsync();
        var longest = (System.Numerics.BigInteger.One << 159) - 1;
        Assert.Equal(OcspResponseStatus.Successful, await StatusAsync(Invented(longest)));
        Assert.Equal(OcspResponseStatus.Unauthorized, await StatusAsync(Invented(longest + 1)));
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nab")]
    [InlineData("Content-Length: 90\r\n\r\nab")]
    public async Task A_body_that_is_none_is_nothing_to_log(string rest)
    {
        await _bench.StartAsync();
        using (var socket = await ConnectAsync("127.0.0.1"))
        {
            await socket.SendAsync(
                Encoding.ASCII.GetBytes(
                    $"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/ocsp-request\r\n{rest}"
                )
            );
            socket.Shutdown(SocketShutdown.Send);
            try
            {
                while (await socket.ReceiveAsync(new byte[512]) > 0) { }
            }
            catch (SocketException)
            {
                // Its end, one way or the other.
            }
        }

        Assert.True(await IsServedAsync());
        Assert.DoesNotContain(_bench.Log.GetSnapshot(), record =>
            record.Level >= LogLevel.Warning || record.Exception is not null
        );
    }

    [Fact]
    public async Task A_request_leaves_no_line_in_the_log()
    {
        await _bench.StartAsync();
        Assert.True(await IsServedAsync());
        var before = _bench.Log.Count;
        Assert.True(await IsServedAsync());
        await _bench.Admin.CountAsync(TestContext.Current.CancellationToken);
        Assert.Equal(before, _bench.Log.Count);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private OcspRequest Invented(System.Numerics.BigInteger serial) =>
        ResponderBench.Question(OcspSubject.FromSerial(serial, _bench.Authority.Certificate));

    private async Task<OcspResponseStatus> StatusAsync(OcspRequest request) => (await _bench.AskAsync(request)).Status;

    private async Task<bool> IsServedAsync()
    {
        try
        {
            using var http = new HttpClient();
            using var content = new ByteArrayContent(Invented(1).Encode());
            content.Headers.ContentType = new("application/ocsp-request");
            using var response = await http.PostAsync(_bench.Url, content, TestContext.Current.CancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException)
        {
            return false;
        }
    }

    private async Task<Socket> ConnectAsync(string from)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(_bench.Url.Host, _bench.Url.Port, TestContext.Current.CancellationToken);
        return socket;
    }

    private static AdmittedConnection? Admit(ConnectionTable table, string address) =>
        table.TryAdmit(new IPEndPoint(IPAddress.Parse(address), 0), () => { });
}
