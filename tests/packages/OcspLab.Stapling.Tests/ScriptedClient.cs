using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>A client that answers as told, and counts.</summary>
internal sealed class ScriptedClient : IOcspClient
{
    private Func<IReadOnlyList<Uri>, CancellationToken, Task<OcspFetch>> _script = (_, _) => Task.FromResult(Failed);
    private Func<OcspSubject, IReadOnlyList<Uri>, CancellationToken, Task<OcspFetch>>? _authority;
    private int _calls;

    public int Calls => Volatile.Read(ref _calls);

    public IReadOnlyList<Uri> LastUrls { get; private set; } = [];

    public void Answer(VerifiedStaple staple) => _script = (urls, _) => Task.FromResult(Answered(urls, staple));

    /// <summary>Answers for every certificate of an authority, after a while.</summary>
    public void AnswerFor(TestAuthority authority, TimeSpan delay, TimeProvider clock) =>
        ScriptFor(
            async (subject, urls, _) =>
            {
                if (delay > TimeSpan.Zero)
                    await Task.Delay(delay, clock, CancellationToken.None);
                var now = clock.GetUtcNow();
                return Answered(
                    urls,
                    Staples.Verified(authority, subject, CertStatus.Good, now.AddMinutes(-5), now.AddDays(1), now)
                );
            }
        );

    public void ScriptFor(Func<OcspSubject, IReadOnlyList<Uri>, CancellationToken, Task<OcspFetch>> script) =>
        _authority = script;

    public void Script(Func<IReadOnlyList<Uri>, CancellationToken, Task<OcspFetch>> script) => _script = script;

    public static OcspFetch Answered(IReadOnlyList<Uri> urls, VerifiedStaple staple) =>
        new()
        {
            Staple = staple,
            Attempts =
            [
                new FetchAttempt(urls[0], null, 200, OcspResponseStatus.Successful, null, "verified", TimeSpan.Zero),
            ],
            Duration = TimeSpan.Zero,
        };

    public void Fail() => _script = (_, _) => Task.FromResult(Failed);

    public void Throw() => _script = (_, _) => throw new OperationCanceledException("not ours");

    public void Hang() =>
        _script = async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return Failed;
        };

    public Task<OcspFetch> FetchAsync(
        OcspSubject subject,
        IReadOnlyList<Uri> urls,
        VerificationPolicy policy,
        CancellationToken cancellationToken
    )
    {
        LastUrls = urls;
        Interlocked.Increment(ref _calls);
        return _authority is { } authority
            ? authority(subject, urls, cancellationToken)
            : _script(urls, cancellationToken);
    }

    public static readonly OcspFetch Failed = new() { Attempts = [], Duration = TimeSpan.Zero };
}
