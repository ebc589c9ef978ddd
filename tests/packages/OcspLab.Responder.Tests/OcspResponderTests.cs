using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Tests;

/// <summary>Which questions get which kind of answer, and whose.</summary>
public sealed class OcspResponderTests : IAsyncLifetime
{
    private readonly SharedByOthers _shared = new();
    private readonly ResponderBench _bench;
    private readonly OcspSubject _subject;

    public OcspResponderTests()
    {
        _bench = new ResponderBench { Configure = services => services.AddSingleton<ISharedAnswers>(_shared) };
        _bench.Settings["Authorities:test:SerialPrefixes:0"] = "12";
        _bench.Add("test", _bench.Authority.Certificate, _bench.Authority.Delegate());
        _subject = SubjectOf(0x1267);
    }

    public async ValueTask InitializeAsync()
    {
        await _bench.StartAsync();
        await _bench.Registry.RegisterAsync(
            new RegisteredCertificate("server", "1267", _bench.Clock.GetUtcNow(), _bench.Clock.GetUtcNow().AddDays(30)),
            TestContext.Current.CancellationToken
        );
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact, Trait("Rule", "R26")]
    public async Task While_its_only_signer_is_away_what_it_signed_before_is_said_until_its_end()
    {
        var signed = await _bench.AskAsync(ResponderBench.Question(_subject));
        _bench.Services.GetRequiredService<AuthorityDirectory>().All[0].Signers[0].Fault = "away";
        // Due to be renewed, and not over.
        _bench.Clock.Step(TimeSpan.FromHours(20));
        Assert.Equal(
            signed.Encoded.ToArray(),
            (await _bench.AskAsync(ResponderBench.Question(_subject))).Encoded.ToArray()
        );
        Assert.Equal(OcspResponseStatus.TryLater, await StatusAsync(ResponderBench.Question(SubjectOf(0x1268))));
        _bench.Clock.Step(TimeSpan.FromHours(5));
        Assert.Equal(OcspResponseStatus.TryLater, await StatusAsync(ResponderBench.Question(_subject)));
    }

    [Fact, Trait("Rule", "R25")]
    public async Task Of_several_that_are_asked_about_all_must_be_its_own()
    {
        Assert.Equal(OcspResponseStatus.Successful, await StatusAsync(_bench.QuestionAbout(0x1267, 0x1268)));
        Assert.Equal(OcspResponseStatus.Unauthorized, await StatusAsync(_bench.QuestionAbout(0x1267, 0x1368)));
        Assert.Equal(OcspResponseStatus.Unauthorized, await StatusAsync(_bench.QuestionAbout(0x1367, 0x1268)));
    }

    [Fact, Trait("Rule", "R25")]
    public async Task A_hash_that_it_does_not_know_is_nobodys()
    {
        var request = ResponderBench.Question(_subject).Encode();
        // The last arc of SHA-1's identifier (1.3.14.3.2.26).
        request[request.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x2B, 0x0E, 0x03, 0x02, 0x1A]) + 4]++;
        using var response = await _bench.PostAsync(request);
        Assert.Equal(
            OcspResponseBuilder.BuildError(OcspResponseStatus.Unauthorized),
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)
        );
    }

    [Fact, Trait("Rule", "R44")]
    public async Task Only_what_is_asked_plainly_is_shared_with_other_responders()
    {
        var plain = ResponderBench.Question(_subject);
        foreach (
            var special in (OcspRequest[])
                [
                    plain with
                    {
                        Nonce = RandomNumberGenerator.GetBytes(32),
                    },
                    plain with
                    {
                        PreferredSignatureAlgorithms = [new("1.2.840.10045.4.3.2")],
                    },
                    _bench.QuestionAbout(0x1267, 0x1268),
                ]
        )
            Assert.Equal(OcspResponseStatus.Successful, await StatusAsync(special));
        Assert.Empty(_shared.Asked);
        Assert.Empty(_shared.Saved);
        Assert.Equal(OcspResponseStatus.Successful, await StatusAsync(plain));
        Assert.Equal([Convert.ToHexString(plain.Encode())], _shared.Asked);
        Assert.Equal(_shared.Asked, _shared.Saved);
    }

    [Fact, Trait("Rule", "R44")]
    public async Task What_another_has_signed_is_not_signed_again()
    {
        // One that this responder never gives of its own accord.
        _shared.Answer = PreparedResponse.Error(OcspResponseStatus.SigRequired);
        Assert.Equal(OcspResponseStatus.SigRequired, await StatusAsync(ResponderBench.Question(_subject)));
        Assert.Single(_shared.Asked);
        Assert.Empty(_shared.Saved);
        Assert.Empty(_bench.Services.GetRequiredService<AuthorityDirectory>().All[0].TakeSigned());
    }

    private OcspSubject SubjectOf(int serial) => OcspSubject.FromSerial(serial, _bench.Authority.Certificate);

    private async Task<OcspResponseStatus> StatusAsync(OcspRequest request) => (await _bench.AskAsync(request)).Status;

    private sealed class SharedByOthers : ISharedAnswers
    {
        public List<string> Asked { get; } = [];

        public List<string> Saved { get; } = [];

        public PreparedResponse? Answer { get; set; }

        public Task<PreparedResponse?> FindAsync(
            byte[] question,
            Authority authority,
            CertId id,
            CancellationToken cancellationToken
        )
        {
            Asked.Add(Convert.ToHexString(question));
            return Task.FromResult(Answer);
        }

        public Task SaveAsync(byte[] question, Authority authority, PreparedResponse response, long version)
        {
            Saved.Add(Convert.ToHexString(question));
            return Task.CompletedTask;
        }
    }
}
