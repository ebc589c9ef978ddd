using System.Security.Cryptography;
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

    [Fact]
    public void Of_two_broken_rules_of_a_signer_the_first_is_named()
    {
        // Nobody's delegate, and not the one that signed.
        var stranger = Pki.DelegateForge.Sign(Pki.Impostor);
        Reject(RejectionReason.SignerNotAuthorized, Pki.SignedBy(stranger) with { SigningKey = Pki.Issuer.Key });
        // Not for OCSP, and expired; expired, under an issuer that is not valid yet.
        var wrong = Pki.Of("CN=wrong") with { NotAfter = Now.AddDays(-1) };
        Reject(RejectionReason.SignerWithoutOcspSigning, SignedBy(wrong));
        var issuer = (Pki.Authority("CN=New CA") with { NotBefore = Now.AddDays(1) }).Sign(Pki.Root);
        var server = Pki.Of("CN=server").Sign(issuer);
        var expired = (Pki.DelegateForge with { NotAfter = Now.AddDays(-1) }).Sign(issuer);
        Reject(
            RejectionReason.SignerExpired,
            Pki.SignedBy(expired) with
            {
                Entries =
                [
                    ForgedEntry.For(server, issuer) with
                    {
                        ThisUpdate = Pki.Entry.ThisUpdate,
                        NextUpdate = Pki.Entry.NextUpdate,
                    },
                ],
            },
            subject: OcspSubject.FromCertificate(server.Certificate, issuer.Certificate)
        );
    }

    [Fact, Trait("Rule", "V20")]
    public void Of_two_unknown_critical_extensions_the_responses_own_is_named()
    {
        var inner = new ForgedExtension("1.3.6.1.4.1.99999.2", true, [0x05, 0x00]);
        var response = Of(Pki.Entry with { Extensions = [inner] }) with
        {
            Extensions = [ForgedExtension.Unknown(critical: true)],
        };
        Assert.False(Verify(response, null, null, null).TryGetStaple(out _, out var rejection));
        Assert.Equal("1.3.6.1.4.1.99999.1", rejection.Detail);
    }

    [Fact, Trait("Rule", "V29")]
    public void Sixteen_mebibytes_are_read_and_one_octet_more_is_not()
    {
        Reject(RejectionReason.Malformed, new byte[OcspResponse.MaximumLength]);
        Reject(RejectionReason.TooLarge, new byte[OcspResponse.MaximumLength + 1]);
    }

    [Fact, Trait("Rule", "V29")]
    public void Sixty_four_certificates_are_read_and_one_more_is_not()
    {
        Accept(Pki.Good with { Certificates = [.. Enumerable.Repeat(Pki.Server.Encoded, 64)] });
        Reject(
            RejectionReason.Malformed,
            Pki.Good with
            {
                Certificates = [.. Enumerable.Repeat(Pki.Server.Encoded, 65)],
            }
        );
    }

    [Fact]
    public void A_proof_is_about_bytes_that_nobody_can_change_any_more()
    {
        var buffer = Pki.Good.Encode();
        var original = buffer.ToArray();
        Assert.True(
            OcspVerifier
                .Verify(buffer, Pki.Subject, new VerificationPolicy(), Now)
                .TryGetStaple(out var staple, out var rejection)
        );
        Assert.Null(rejection);
        Array.Clear(buffer);
        Assert.Equal(original, staple.Encoded.ToArray());
    }

    [Fact]
    public void Without_a_subject_or_a_policy_there_is_nothing_to_verify()
    {
        var response = Pki.Good.Encode();
        Assert.Throws<ArgumentNullException>("subject", () =>
            OcspVerifier.Verify(response, null!, new VerificationPolicy(), Now)
        );
        Assert.Throws<ArgumentNullException>("policy", () => OcspVerifier.Verify(response, Pki.Subject, null!, Now));
    }

    public static TheoryData<string> Levels =>
        [.. "bytes response certificates certificate-list basic key name version".Split(' ')];

    [Theory, MemberData(nameof(Levels)), Trait("Rule", "V3")]
    public void Nothing_may_follow_what_is_whole(string level)
    {
        var good = Pki.Delegated with
        {
            ResponderId =
                level == "name"
                    ? ForgedResponse.ByName(Pki.Delegate.SubjectName)
                    : ForgedResponse.ByKey(SHA1.HashData(Pki.Delegate.Key.PublicKeyBits)),
        };
        Accept(good);
        Reject(
            RejectionReason.Malformed,
            level switch
            {
                "bytes" => good with { EditWhole = whole => whole[1].Append(More()) },
                "response" => good with { EditWhole = whole => whole[1, 0].Append(More()) },
                "basic" => good with { EditWhole = whole => whole[1, 0, 1, 0].Append(More()) },
                "certificates" => good with { EditWhole = whole => whole[1, 0, 1, 0, 3].Append(More()) },
                "certificate-list" => good with { EditWhole = whole => whole[1, 0, 1, 0, 3, 0].Append(More()) },
                "version" => good with
                {
                    EditSigned = signed =>
                    {
                        // [0] EXPLICIT INTEGER 0, and something after it.
                        var version = DerNode.Parse(new byte[] { 0xa0, 0x05, 0x02, 0x01, 0x00, 0x05, 0x00 });
                        signed.Children!.Insert(0, version);
                    },
                },
                "key" or "name" => good with { EditSigned = signed => signed[0].Append(More()) },
                _ => throw new ArgumentOutOfRangeException(nameof(level), level, null),
            }
        );

        static DerNode More() => DerNode.Primitive(0x05);
    }

    private static void Reject(RejectionReason reason, byte[] response)
    {
        Assert.False(
            OcspVerifier.Verify(response, Pki.Subject, new VerificationPolicy(), Now).TryGetStaple(out _, out var why)
        );
        Assert.Equal(reason, why.Reason);
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
