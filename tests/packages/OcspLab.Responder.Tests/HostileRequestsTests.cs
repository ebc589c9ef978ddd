using System.Globalization;
using System.Net.Sockets;
using System.Text;
using CsCheck;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Testing;
using OcspLab.Testing.Forge;

namespace OcspLab.Responder.Tests;

/// <summary>Requests of someone who means harm, over real sockets.</summary>
public sealed class HostileRequestsTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();

    private static readonly Gen<Mutation[]> Mutations = Gen.Select(
        Gen.Int[0, (int)MutationKind.LeaveOpen],
        Gen.Int[0, 1 << 20],
        Gen.Byte.Array[0, 24],
        (kind, target, octets) => new Mutation((MutationKind)kind, target, octets)
    ).Array[1, 4];

    [Fact, Trait("Ring", "slow"), Trait("Rule", "R4")]
    public async Task Ten_thousand_mutated_requests_are_answered_in_ocsp_and_leave_nothing_behind()
    {
        await _bench.StartAsync();
        var server = _bench.Authority.Server();
        await _bench.RegisterAsync(server);
        var subject = OcspSubject.FromCertificate(server, _bench.Authority.Certificate);
        var request = new OcspRequest
        {
            CertIds = [subject.ToCertId(CertIdHash.Sha1), subject.ToCertId(CertIdHash.Sha256)],
            Nonce = new byte[32],
            PreferredSignatureAlgorithms = [new("1.2.840.10045.4.3.2")],
            AcceptableResponses = ["1.3.6.1.5.5.7.48.1.1"],
        }.Encode();
        var plain = ResponderBench.Question(subject).Encode();
        Assert.Equal(OcspResponseStatus.Successful, (await _bench.AskAsync(ResponderBench.Question(subject))).Status);

        var inputs = new List<byte[]>();
        Mutations.Sample(
            mutations =>
            {
                var tree = DerNode.Parse(inputs.Count % 2 == 0 ? request : plain);
                foreach (var mutation in mutations)
                    mutation.Apply(tree);
                inputs.Add(tree.Encode());
            },
            iter: 10_000,
            threads: 1
        );

        // Twice as many as there are cores; each keeps its connection for as long as the responder does.
        await Task.WhenAll(
            Enumerable
                .Range(0, Workers)
                .Select(worker =>
                    Task.Run(
                        () => SendAsync(inputs.Where((_, index) => index % Workers == worker)),
                        TestContext.Current.CancellationToken
                    )
                )
        );
        var status = await _bench.Admin.GetStatusAsync(TestContext.Current.CancellationToken);
        for (var number = 0; number < 200; number++)
        {
            using var invented = new HttpRequestMessage(new HttpMethod($"METHOD{number}"), _bench.Url);
            using var refused = await _bench.Http.SendAsync(invented, TestContext.Current.CancellationToken);
            Assert.Equal(System.Net.HttpStatusCode.MethodNotAllowed, refused.StatusCode);
        }

        Assert.InRange((await _bench.Admin.CountAsync(TestContext.Current.CancellationToken)).Count, 1, 20);
        // What is ready is about what was issued: a handful of spellings of one question.
        Assert.InRange(status.CachedResponses, 1, 24);
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(subject)).Status.Kind);
    }

    [Theory]
    [InlineData("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /%00%ff%2f HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /MA== HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET http://elsewhere/MEQ HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET * HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/ocsp-request\r\nContent-Length: 3\r\n\r\nabc")]
    [InlineData(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/ocsp-request\r\nTransfer-Encoding: "
            + "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    )]
    [InlineData(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/ocsp-request\r\nContent-Length: 99999999999\r\n\r\nabc"
    )]
    [InlineData("BREW / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("hello\r\n\r\n")]
    public async Task Strange_http_is_answered_below_500(string request)
    {
        await _bench.StartAsync();
        using var socket = await ConnectAsync();
        await socket.SendAsync(Encoding.Latin1.GetBytes(request));
        Assert.InRange((await ReadAsync(socket, new byte[64 * 1024])).Status, 200, 499);
        Assert.Equal(
            OcspResponseStatus.Unauthorized,
            (
                await _bench.AskAsync(
                    ResponderBench.Question(OcspSubject.FromSerial(1, new TestAuthority().Certificate))
                )
            ).Status
        );
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private async Task SendAsync(IEnumerable<byte[]> inputs)
    {
        var buffer = new byte[64 * 1024];
        Socket? socket = null;
        var number = 0;
        try
        {
            foreach (var input in inputs)
            {
                socket ??= await ConnectAsync();
                var get = number++ % 3 == 0 && input.Length < 2048;
                var head = get
                    ? $"GET /{Uri.EscapeDataString(Convert.ToBase64String(input))} HTTP/1.1\r\nHost: a\r\n\r\n"
                    : $"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/ocsp-request\r\nContent-Length: "
                        + $"{input.Length}\r\n\r\n";
                await socket.SendAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. get ? [] : input]);
                var (status, body, closed) = await ReadAsync(socket, buffer);
                Assert.True(
                    status is 200 or 413 || (get && input.Length == 0),
                    $"HTTP {status} for {Convert.ToHexString(input)}"
                );
                if (input.Length > 0)
                    Assert.True(
                        OcspResponse.TryDecode(body, out var response, out _)
                            && response.Status is not OcspResponseStatus.InternalError,
                        Convert.ToHexString(input)
                    );
                if (!closed)
                    continue;
                socket.Dispose();
                socket = null;
            }
        }
        finally
        {
            socket?.Dispose();
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_bench.Url.Host, _bench.Url.Port);
        return socket;
    }

    private static async Task<(int Status, byte[] Body, bool Closed)> ReadAsync(Socket socket, byte[] buffer)
    {
        var filled = 0;
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(filled));
            Assert.True(read > 0, "the connection was closed instead of an answer");
            filled += read;
            var end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
            if (end < 0)
                continue;
            var head = Encoding.ASCII.GetString(buffer, 0, end);
            var status = int.Parse(head.Split(' ')[1], CultureInfo.InvariantCulture);
            var length = head.Split("\r\n")
                .FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
                is { } line
                ? int.Parse(line[16..], CultureInfo.InvariantCulture)
                : 0;
            if (filled >= end + 4 + length)
                return (
                    status,
                    buffer[(end + 4)..(end + 4 + length)],
                    head.Contains("Connection: close", StringComparison.OrdinalIgnoreCase)
                );
        }
    }

    private static readonly int Workers = Math.Max(2, 2 * Environment.ProcessorCount);
}
