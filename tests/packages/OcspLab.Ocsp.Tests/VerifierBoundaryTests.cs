using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing;
using OcspLab.Testing.Forge;

namespace OcspLab.Ocsp.Tests;

/// <summary>
/// To the second: what still holds and what does not any more, which of several entries counts, and which rule is
/// named where several are broken.
/// </summary>
public sealed class VerifierBoundaryTests
{
    private static readonly ForgePki Pki = new(TestAuthority.Now);
    private static readonly TimeSpan Skew = new VerificationPolicy().ClockSkew;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static DateTimeOffset Now => Pki.Now;

    [Fact, Trait("Rule", "V16")]
    public void This_update_may_be_as_far_ahead_as_clocks_may_differ()
    {
        var entry = Pki.Entry with { ThisUpdate = Now + Skew };
        Accept(Of(entry));
        Reject(RejectionReason.NotYetValid, Of(entry with { ThisUpdate = Now + Skew + Second }));
    }

    [Fact, Trait("Rule", "V17")]
    public void Next_update_may_be_as_long_ago_as_clocks_may_differ()
    {
        var entry = Pki.Entry with { NextUpdate = Now - Skew };
        Accept(Of(entry));
        Reject(RejectionReason.Expired, Of(entry with { NextUpdate = Now - Skew - Second }));
    }

    [Fact, Trait("Rule", "V17")]
    public void Next_update_may_be_this_update_and_not_before_it()
    {
        var entry = Pki.Entry with { ThisUpdate = Now, NextUpdate = Now };
        Accept(Of(entry));
        Reject(RejectionReason.InvertedValidity, Of(entry with { NextUpdate = Now - Second }));
    }

    [Fact, Trait("Rule", "V18")]
    public void Without_next_update_a_response_is_believed_to_the_last_second_of_its_age()
    {
        var oldest = Now - new VerificationPolicy().AgeWithoutNextUpdate;
        var entry = Pki.Entry with { ThisUpdate = oldest, NextUpdate = null };
        Assert.Equal(Now, Accept(Of(entry)).ExpiresAt);
        Reject(RejectionReason.TooOld, Of(entry with { ThisUpdate = oldest - Second }));
    }

    [Fact, Trait("Rule", "V18")]
    public void A_limit_of_age_holds_to_the_last_second()
    {
        var policy = new VerificationPolicy { MaximumAge = TimeSpan.FromHours(2) };
        var entry = Pki.Entry with { ThisUpdate = Now.AddHours(-2) };
        Accept(Of(entry), policy);
        Reject(RejectionReason.TooOld, Of(entry with { ThisUpdate = Now.AddHours(-2) - Second }), policy);
    }

    [Fact, Trait("Rule", "V19")]
    public void Produced_at_is_not_ahead_of_the_clock_and_within_the_certificates_life()
    {
        Accept(Pki.Good with { ProducedAt = Now + Skew });
        Reject(RejectionReason.ProducedOutsideValidity, Pki.Good with { ProducedAt = Now + Skew + Second });

        var (begin, end) = (Now.AddHours(-3), Now.AddHours(3));
        var server = (Pki.Of("CN=short") with { NotBefore = begin, NotAfter = end }).Sign(Pki.Issuer);
        var subject = OcspSubject.FromCertificate(server.Certificate, Pki.Issuer.Certificate);
        var response = Of(ForgedEntry.For(server, Pki.Issuer) with { ThisUpdate = begin, NextUpdate = end });
        Accept(response with { ProducedAt = begin - Skew }, subject: subject);
        Reject(
            RejectionReason.ProducedOutsideValidity,
            response with
            {
                ProducedAt = begin - Skew - Second,
            },
            subject: subject
        );
        // Once the certificate is over, its last answers may still be read.
        var late = end + Skew;
        response = Of(ForgedEntry.For(server, Pki.Issuer) with { ThisUpdate = begin, NextUpdate = late });
        Accept(response with { ProducedAt = end + Skew }, subject: subject, at: late);
        Reject(
            RejectionReason.ProducedOutsideValidity,
            response with
            {
                ProducedAt = end + Skew + Second,
            },
            subject: subject,
            at: late
        );
    }

    [Fact, Trait("Rule", "V12")]
    public void A_delegate_is_valid_from_its_first_second_to_its_last()
    {
        var forge = Pki.DelegateForge;
        Accept(SignedBy(forge with { NotAfter = Now - Skew }));
        Reject(RejectionReason.SignerExpired, SignedBy(forge with { NotAfter = Now - Skew - Second }));
        Accept(SignedBy(forge with { NotBefore = Now + Skew }));
        Reject(RejectionReason.SignerNotYetValid, SignedBy(forge with { NotBefore = Now + Skew + Second }));
    }

    [Fact, Trait("Rule", "V12")]
    public void An_issuer_that_is_over_neither_signs_nor_has_delegates()
    {
        var issuer = (Pki.Authority("CN=Old CA") with { NotAfter = Now.AddHours(-1) }).Sign(Pki.Root);
        var server = Pki.Of("CN=server").Sign(issuer);
        var subject = OcspSubject.FromCertificate(server.Certificate, issuer.Certificate);
        var entry = ForgedEntry.For(server, issuer) with
        {
            ThisUpdate = Now.AddHours(-2),
            NextUpdate = Now.AddHours(2),
        };
        Reject(RejectionReason.SignerExpired, Of(entry) with { Signer = issuer }, subject: subject);
        var helper = Pki.DelegateForge.Sign(issuer);
        Reject(
            RejectionReason.SignerExpired,
            Of(entry) with
            {
                Signer = helper,
                Certificates = [helper.Encoded],
            },
            subject: subject
        );
    }

    [Fact, Trait("Rule", "V25")]
    public void Of_entries_that_say_the_same_the_one_that_ends_first_counts()
    {
        var early = Pki.Entry with { NextUpdate = Now.AddHours(1) };
        var late = Pki.Entry with { NextUpdate = Now.AddHours(5) };
        var undated = Pki.Entry with { ThisUpdate = Now.AddHours(-10), NextUpdate = null };
        Assert.Equal(early.NextUpdate, Accept(Of(early, late)).NextUpdate);
        Assert.Equal(early.NextUpdate, Accept(Of(late, early)).NextUpdate);
        // Twelve hours from ten hours ago.
        Assert.Equal(Now.AddHours(2), Accept(Of(late, undated)).ExpiresAt);
        Assert.Null(Accept(Of(late, undated)).NextUpdate);
    }

    [Fact, Trait("Rule", "V5")]
    public void Of_entries_that_contradict_each_other_the_worst_counts_in_any_order()
    {
        var revoked = Pki.Entry with { Status = ForgedEntry.Revoked(Now.AddDays(-1)) };
        var unknown = Pki.Entry with { Status = ForgedEntry.Unknown };
        Assert.Equal(CertStatusKind.Revoked, Accept(Of(Pki.Entry, revoked)).Status.Kind);
        Assert.Equal(CertStatusKind.Revoked, Accept(Of(revoked, Pki.Entry)).Status.Kind);
        Assert.Equal(CertStatusKind.Unknown, Accept(Of(Pki.Entry, unknown)).Status.Kind);
        Assert.Equal(CertStatusKind.Unknown, Accept(Of(unknown, Pki.Entry)).Status.Kind);
        // One that is better is not asked for its times.
        var outdated = Pki.Entry with { ThisUpdate = Now.AddDays(-9), NextUpdate = Now.AddDays(-8) };
        Assert.Equal(CertStatusKind.Revoked, Accept(Of(outdated, revoked)).Status.Kind);
        Assert.Equal(CertStatusKind.Revoked, Accept(Of(revoked, outdated)).Status.Kind);
        Reject(RejectionReason.Expired, Of(Pki.Entry, outdated));
    }

    [Fact, Trait("Rule", "V14")]
    public void Eight_certificates_of_the_signers_name_are_tried_and_no_ninth()
    {
        Accept(After(strangers: 7));
        Reject(RejectionReason.SignerNotAuthorized, After(strangers: 8));

        static ForgedResponse After(int strangers)
        {
            var delegated = Pki.DelegateForge.Sign(Pki.Issuer);
            return Pki.Good with
            {
                Signer = delegated,
                Certificates =
                [
                    .. Enumerable.Repeat(Pki.DelegateForge.Sign(Pki.Impostor).Encoded, strangers),
                    delegated.Encoded,
                ],
            };
        }
    }

    [Fact, Trait("Rule", "V14")]
    public void What_is_enclosed_for_another_name_is_not_among_the_eight()
    {
        var delegated = Pki.DelegateForge.Sign(Pki.Issuer);
        Accept(
            Pki.Good with
            {
                Signer = delegated,
                Certificates = [.. Enumerable.Repeat(Pki.Server.Encoded, 20), [0x30, 0x00], delegated.Encoded],
            }
        );
    }

    [Fact]
    public void The_first_that_was_tried_says_why()
    {
        var expired = (Pki.DelegateForge with { NotAfter = Now.AddDays(-1) }).Sign(Pki.Issuer);
        var stranger = Pki.DelegateForge.Sign(Pki.Impostor);
        var response = Pki.Good with { Signer = expired, Certificates = [expired.Encoded, stranger.Encoded] };
        Reject(RejectionReason.SignerExpired, response);
        Reject(
            RejectionReason.SignerNotAuthorized,
            response with
            {
                Certificates = [stranger.Encoded, expired.Encoded],
            }
        );
    }

    [Fact]
    public void The_signer_is_judged_before_the_entries_and_the_entries_before_the_clock()
    {
        var unknown = ForgedExtension.Unknown(critical: true);
        var other = ForgedEntry.For(Pki.Delegate, Pki.Issuer) with
        {
            ThisUpdate = Now.AddDays(-9),
            NextUpdate = Now.AddDays(-8),
            Extensions = [unknown],
        };
        var outdated = Pki.Entry with { ThisUpdate = other.ThisUpdate, NextUpdate = other.NextUpdate };
        var policy = new VerificationPolicy { Nonce = new byte[] { 1, 2, 3 } };
        IReadOnlyList<ForgedExtension> nonce = [ForgedExtension.Nonce([4, 5, 6])];
        Reject(RejectionReason.BadSignature, Of(other) with { SigningKey = Pki.Impostor.Key }, policy);
        Reject(RejectionReason.CertIdMismatch, Of(other) with { Extensions = nonce }, policy);
        Reject(
            RejectionReason.UnknownCriticalExtension,
            Of(outdated with { Extensions = [unknown] }) with
            {
                Extensions = nonce,
            },
            policy
        );
        Reject(RejectionReason.NonceMismatch, Of(outdated) with { Extensions = nonce }, policy);
        Reject(RejectionReason.Expired, Of(outdated), policy);
    }

    [Fact, Trait("Rule", "V25")]
    public void A_staple_ends_with_the_certificate_that_it_is_about()
    {
        var end = Now.AddHours(3);
        var server = (Pki.Of("CN=short") with { NotAfter = end }).Sign(Pki.Issuer);
        var subject = OcspSubject.FromCertificate(server.Certificate, Pki.Issuer.Certificate);
        var entry = ForgedEntry.For(server, Pki.Issuer) with
        {
            ThisUpdate = Now.AddHours(-1),
            NextUpdate = Now.AddDays(1),
        };
        Assert.Equal(end, Accept(Of(entry), subject: subject).ExpiresAt);
    }

    private static ForgedResponse Of(params ForgedEntry[] entries) => Pki.Good with { Entries = entries };

    private static ForgedResponse SignedBy(CertificateForge forge) => Pki.SignedBy(forge.Sign(Pki.Issuer));

    private static VerificationResult Verify(
        ForgedResponse response,
        VerificationPolicy? policy,
        OcspSubject? subject,
        DateTimeOffset? at
    ) => OcspVerifier.Verify(response.Encode(), subject ?? Pki.Subject, policy ?? new VerificationPolicy(), at ?? Now);

    private static VerifiedStaple Accept(
        ForgedResponse response,
        VerificationPolicy? policy = null,
        OcspSubject? subject = null,
        DateTimeOffset? at = null
    )
    {
        Assert.True(
            Verify(response, policy, subject, at).TryGetStaple(out var staple, out var rejection),
            rejection?.ToString()
        );
        return staple;
    }

    private static void Reject(
        RejectionReason reason,
        ForgedResponse response,
        VerificationPolicy? policy = null,
        OcspSubject? subject = null,
        DateTimeOffset? at = null
    )
    {
        Assert.False(Verify(response, policy, subject, at).TryGetStaple(out _, out var rejection));
        Assert.Equal(reason, rejection.Reason);
    }
}
