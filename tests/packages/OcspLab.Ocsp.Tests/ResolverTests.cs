using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing;

namespace OcspLab.Ocsp.Tests;

/// <summary>Names of responders, looked up at name servers of one's choice.</summary>
public sealed class ResolverTests
{
    private static readonly TestAuthority Authority = new();
    private static readonly X509Certificate2 Server = Authority.Server();
    private static readonly OcspSubject Subject = OcspSubject.FromCertificate(Server, Authority.Certificate);

    [Theory, Trait("Rule", "S21")]
    [InlineData("00:00:00", 2)]
    [InlineData("01:00:00", 1)]
    public async Task A_name_is_looked_up_at_the_resolver_and_kept_as_long_as_told(string valid, int expectedQuestions)
    {
        await using var server = await ScriptedServer.StartAsync(Good);
        await using var names = new CountingResolver();
        // The same caches behind handlers of two clients, as behind one client's handlers from one minute to the next.
        var registrations = new ServiceCollection();
        foreach (var name in (string[])["one", "two"])
        {
            registrations
                .AddOcspClient(name)
                .Configure(options =>
                {
                    options.Resolvers.Add(names.Address);
                    options.ResolverValid = TimeSpan.Parse(valid, System.Globalization.CultureInfo.InvariantCulture);
                });
        }

        await using var services = registrations.AddOcspClientWith(null);
        foreach (var name in (string[])["one", "two"])
        {
            var fetch = await services
                .GetRequiredKeyedService<IOcspClient>(name)
                .FetchAsync(
                    Subject,
                    [new Uri($"http://ocsp.example.test:{server.Url.Port}/")],
                    new VerificationPolicy(),
                    TestContext.Current.CancellationToken
                );
            Assert.True(fetch.Staple is not null, fetch.Describe());
        }

        Assert.Equal(expectedQuestions, names.Questions);
    }

    [Fact, Trait("Rule", "S21")]
    public async Task A_name_with_addresses_of_both_families_is_reached_by_the_one_that_works()
    {
        Assert.SkipUnless(System.Net.Sockets.Socket.OSSupportsIPv6, "this machine has no IPv6");
        await using var server = await ScriptedServer.StartAsync(Good, "[::1]");
        await using var names = new CountingResolver(answersAaaa: true);
        var fetch = await FetchAsync([new Uri($"http://ocsp.example.test:{server.Url.Port}/")], options =>
            options.Resolvers.Add(names.Address)
        );
        Assert.True(fetch.Staple is not null, fetch.Describe());
    }

    private static Task Good(HttpContext context) => ScriptedServer.Send(() => Authority.Respond(Server))(context);

    private static Task<OcspFetch> FetchAsync(Uri[] urls, Action<OcspClientOptions>? configure = null) =>
        ClientServices.FetchAsync(Subject, urls, configure);

    /// <summary>
    /// Answers every question for an address with 127.0.0.1, and counts; for AAAA with ::1, or never.
    /// </summary>
    private sealed class CountingResolver(bool answersAaaa = false) : IAsyncDisposable
    {
        private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
        private Task? _loop;
        private int _questions;

        public string Address
        {
            get
            {
                _loop ??= AnswerAsync();
                return _socket.Client.LocalEndPoint!.ToString()!;
            }
        }

        public int Questions => Volatile.Read(ref _questions);

        public async ValueTask DisposeAsync()
        {
            _socket.Dispose();
            await (_loop ?? Task.CompletedTask);
        }

        private async Task AnswerAsync()
        {
            try
            {
                while (true)
                {
                    var question = await _socket.ReceiveAsync();
                    var end = 12;
                    while (question.Buffer[end] != 0)
                        end += question.Buffer[end] + 1;
                    // Some resolvers never answer a question for AAAA (28).
                    var isAaaa = question.Buffer[end + 2] == 28;
                    if (isAaaa && !answersAaaa)
                        continue;
                    Interlocked.Increment(ref _questions);
                    // The question comes back with one answer: a pointer to its name, A or AAAA, IN, an hour, the
                    // address.
                    byte[] answer =
                    [
                        .. question.Buffer[..2],
                        0x81,
                        0x80,
                        0,
                        1,
                        0,
                        1,
                        0,
                        0,
                        0,
                        0,
                        .. question.Buffer[12..(end + 5)],
                        0xc0,
                        12,
                        0,
                        (byte)(isAaaa ? 28 : 1),
                        0,
                        1,
                        0,
                        0,
                        14,
                        16,
                        0,
                        .. isAaaa
                            ? (byte[])[16, .. IPAddress.IPv6Loopback.GetAddressBytes()]
                            : [4, .. IPAddress.Loopback.GetAddressBytes()],
                    ];
                    await _socket.SendAsync(answer, question.RemoteEndPoint);
                }
            }
            catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
            {
                // Disposed: the test is over.
            }
        }
    }
}
