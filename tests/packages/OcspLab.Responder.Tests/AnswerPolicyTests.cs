using OcspLab.Ocsp.Signing;
using OcspLab.Responder.Settings;

namespace OcspLab.Responder.Tests;

/// <summary>An authority's own settings count for it, each by itself; where it has none, those for all do.</summary>
public sealed class AnswerPolicyTests
{
    private static readonly ResponderOptions All = new()
    {
        Validity = TimeSpan.FromHours(1),
        Backdate = TimeSpan.FromMinutes(1),
        MaximumCacheAge = TimeSpan.FromMinutes(2),
        NeverIssued = NeverIssued.Unauthorized,
        Nonces = NonceHandling.Ignore,
        NextUpdate = NextUpdateField.Omit,
        ArchiveRetention = TimeSpan.FromDays(1),
        CrlReferences = CrlReferences.Include,
        ResponderId = ResponderIdForm.ByName,
    };

    [Fact]
    public void Without_any_of_its_own_those_for_all_count() =>
        Assert.Equal(
            new AnswerPolicy
            {
                Validity = TimeSpan.FromHours(1),
                Backdate = TimeSpan.FromMinutes(1),
                MaximumCacheAge = TimeSpan.FromMinutes(2),
                NeverIssued = NeverIssued.Unauthorized,
                Nonces = NonceHandling.Ignore,
                NextUpdate = NextUpdateField.Omit,
                ArchiveRetention = TimeSpan.FromDays(1),
                CrlReferences = CrlReferences.Include,
                ResponderId = ResponderIdForm.ByName,
            },
            AnswerPolicy.Of(All, new AuthorityOptions())
        );

    [Fact]
    public void Its_own_count_for_each() =>
        Assert.Equal(
            new AnswerPolicy
            {
                Validity = TimeSpan.FromHours(9),
                Backdate = TimeSpan.FromMinutes(8),
                MaximumCacheAge = TimeSpan.FromMinutes(7),
                NeverIssued = NeverIssued.Revoked,
                Nonces = NonceHandling.Sign,
                NextUpdate = NextUpdateField.Include,
                ArchiveRetention = TimeSpan.FromDays(6),
                CrlReferences = CrlReferences.Omit,
                ResponderId = ResponderIdForm.ByKey,
            },
            AnswerPolicy.Of(
                All,
                new AuthorityOptions
                {
                    Validity = TimeSpan.FromHours(9),
                    Backdate = TimeSpan.FromMinutes(8),
                    MaximumCacheAge = TimeSpan.FromMinutes(7),
                    NeverIssued = NeverIssued.Revoked,
                    Nonces = NonceHandling.Sign,
                    NextUpdate = NextUpdateField.Include,
                    ArchiveRetention = TimeSpan.FromDays(6),
                    CrlReferences = CrlReferences.Omit,
                    ResponderId = ResponderIdForm.ByKey,
                }
            )
        );
}
