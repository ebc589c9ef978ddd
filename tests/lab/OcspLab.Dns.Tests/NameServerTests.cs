using System.Net;
using System.Net.Sockets;
using DnsClient;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OcspLab.ServiceDefaults;

namespace OcspLab.Dns.Tests;

public sealed class NameServerTests : IAsyncLifetime
{
    private readonly NameServer _server = new(
        Options.Create(new DnsOptions { Address = "0.0.0.0", Port = 0 }),
        TimeProvider.System,
        NullLogger<NameServer>.Instance
    );

    public async ValueTask InitializeAsync() => await _server.StartAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(CancellationToken.None);
        _server.Dispose();
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.0.0.2", false)]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.2", true)]
    public async Task A_name_of_the_lab_has_the_address_that_was_asked(string address, bool tcp)
    {
        var answer = await Client(address, tcp)
            .QueryAsync("ocsp.servicelab.com", QueryType.A, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(address, answer.Answers.ARecords().Single().Address.ToString());
        Assert.True(answer.Header.HasAuthorityAnswer);
    }

    [Fact]
    public async Task It_listens_on_several_addresses_also_on_one_that_is_not_there_yet()
    {
        // 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
        using var server = new NameServer(
            Options.Create(
                new DnsOptions
                {
                    Address = "127.0.0.3, 127.0.0.4, 192.0.2.1",
                    Port = 0,
                    Binding = AddressBinding.Free,
                }
            ),
            TimeProvider.System,
            NullLogger<NameServer>.Instance
        );
        await server.StartAsync(TestContext.Current.CancellationToken);
        foreach (var address in (string[])["127.0.0.3", "127.0.0.4"])
        {
            var client = new LookupClient(
                new LookupClientOptions(new IPEndPoint(IPAddress.Parse(address), server.EndPoint.Port))
                {
                    UseCache = false,
                }
            );
            var answer = await client.QueryAsync(
                "ocsp.servicelab.com",
                QueryType.A,
                cancellationToken: TestContext.Current.CancellationToken
            );
            Assert.Equal(address, answer.Answers.ARecords().Single().Address.ToString());
        }

        await server.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task An_address_that_is_not_there_is_an_error_unless_it_may_come_later()
    {
        using var server = new NameServer(
            Options.Create(new DnsOptions { Address = "192.0.2.1", Port = 0 }),
            TimeProvider.System,
            NullLogger<NameServer>.Instance
        );
        Assert.Contains(
            "192.0.2.1",
            (
                await Assert.ThrowsAsync<IOException>(() => server.StartAsync(TestContext.Current.CancellationToken))
            ).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Spelling_does_not_matter() =>
        Assert.Single(
            (
                await Client()
                    .QueryAsync("EchoCert.LAB", QueryType.A, cancellationToken: TestContext.Current.CancellationToken)
            ).Answers
        );

    [Fact]
    public async Task The_other_family_is_answered_with_no_record_and_the_zones_authority()
    {
        var answer = await Client()
            .QueryAsync("echocert.lab", QueryType.AAAA, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(DnsHeaderResponseCode.NoError, answer.Header.ResponseCode);
        Assert.Empty(answer.Answers);
        Assert.Equal("echocert.lab.", answer.Authorities.SoaRecords().Single().DomainName.Value);
    }

    [Fact]
    public async Task The_top_of_a_zone_names_its_server_which_has_an_address()
    {
        var token = TestContext.Current.CancellationToken;
        var servers = await Client().QueryAsync("servicelab.com", QueryType.NS, cancellationToken: token);
        var server = Assert.Single(servers.Answers.NsRecords()).NSDName.Value;
        Assert.Equal("ns.servicelab.com.", server);
        var authority = await Client().QueryAsync("servicelab.com", QueryType.SOA, cancellationToken: token);
        Assert.Equal(server, Assert.Single(authority.Answers.SoaRecords()).MName.Value);
        Assert.Empty(authority.Authorities);
        Assert.Single((await Client().QueryAsync(server, QueryType.A, cancellationToken: token)).Answers.ARecords());
    }

    [Fact]
    public async Task An_unknown_name_inside_a_zone_does_not_exist() =>
        Assert.Equal(
            DnsHeaderResponseCode.NotExistentDomain,
            (
                await Client()
                    .QueryAsync(
                        "nobody.servicelab.com",
                        QueryType.A,
                        cancellationToken: TestContext.Current.CancellationToken
                    )
            )
                .Header
                .ResponseCode
        );

    [Fact]
    public async Task A_name_outside_is_refused() =>
        Assert.Equal(
            DnsHeaderResponseCode.Refused,
            (
                await Client()
                    .QueryAsync("example.org", QueryType.A, cancellationToken: TestContext.Current.CancellationToken)
            )
                .Header
                .ResponseCode
        );

    [Fact]
    public async Task A_name_that_only_ends_alike_is_refused() =>
        Assert.Equal(
            DnsHeaderResponseCode.Refused,
            (
                await Client()
                    .QueryAsync(
                        "notechocert.lab",
                        QueryType.A,
                        cancellationToken: TestContext.Current.CancellationToken
                    )
            )
                .Header
                .ResponseCode
        );

    [Fact]
    public async Task Garbage_is_survived()
    {
        var random = new Random(1);
        using (var udp = new UdpClient())
        {
            for (var round = 0; round < 500; round++)
            {
                var message = new byte[random.Next(0, 1500)];
                random.NextBytes(message);
                await udp.SendAsync(
                    message,
                    new IPEndPoint(IPAddress.Loopback, _server.EndPoint.Port),
                    TestContext.Current.CancellationToken
                );
            }
        }

        // The kernel may have dropped the question with the last of the garbage.
        Assert.Single(
            (
                await Client(retries: 25, seconds: 1)
                    .QueryAsync("echocert.lab", QueryType.A, cancellationToken: TestContext.Current.CancellationToken)
            ).Answers
        );
    }

    [Fact]
    public async Task A_message_over_the_limit_ends_its_connection_only()
    {
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, _server.EndPoint.Port, TestContext.Current.CancellationToken);
            await client
                .GetStream()
                .WriteAsync(new byte[] { 0xff, 0xff, 1, 2, 3 }, TestContext.Current.CancellationToken);
            Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        }

        Assert.Single(
            (
                await Client(tcp: true)
                    .QueryAsync("echocert.lab", QueryType.A, cancellationToken: TestContext.Current.CancellationToken)
            ).Answers
        );
    }

    [Fact]
    public void A_response_is_never_answered()
    {
        var zones = new DnsZones(new DnsOptions());
        var response = new byte[12];
        response[2] = 0x80;
        Assert.Null(zones.Answer(response, IPAddress.Loopback, out _));
    }

    [Fact]
    public void A_fixed_address_is_given_wherever_the_question_arrives()
    {
        byte[] query =
        [
            .. Convert.FromHexString("123401000001000000000000"),
            8,
            .. "echocert"u8,
            3,
            .. "lab"u8,
            0,
            0,
            1,
            0,
            1,
        ];
        var answer = new DnsZones(new DnsOptions { Answer = "192.0.2.7" }).Answer(query, IPAddress.Loopback, out _);
        Assert.Equal([192, 0, 2, 7], answer![^4..]);
    }

    private LookupClient Client(string address = "127.0.0.1", bool tcp = false, int retries = 0, int seconds = 5) =>
        new(
            new LookupClientOptions(new IPEndPoint(IPAddress.Parse(address), _server.EndPoint.Port))
            {
                UseTcpOnly = tcp,
                UseCache = false,
                Retries = retries,
                Timeout = TimeSpan.FromSeconds(seconds),
                ThrowDnsErrors = false,
                ContinueOnDnsError = false,
            }
        );
}
