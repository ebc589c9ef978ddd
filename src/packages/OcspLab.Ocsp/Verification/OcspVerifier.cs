using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using OcspLab.Ocsp.Asn1;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Ocsp.Verification;

/// <summary>
/// The one door for responses: fetched, loaded from disk, given as a file or seen in a handshake. No setting turns it
/// off. Pure and thread-safe; hostile input is rejected, never thrown.
/// </summary>
public static class OcspVerifier
{
    /// <summary>
    /// Checks that <paramref name="encoded"/> is an authentic, current answer about <paramref name="subject"/> (RFC
    /// 6960 §3.2).
    /// </summary>
    /// <param name="encoded">The response in DER. It is copied into the proof.</param>
    /// <param name="subject">The certificate and its issuer.</param>
    /// <param name="policy">What the RFCs leave open.</param>
    /// <param name="now">The instant at which it must hold.</param>
    /// <returns>A proof whose status may be good, revoked or unknown; or the first rule that failed.</returns>
    public static VerificationResult Verify(
        ReadOnlyMemory<byte> encoded,
        OcspSubject subject,
        VerificationPolicy policy,
        DateTimeOffset now
    )
    {
        ArgumentNullException.ThrowIfNull(subject);
        ArgumentNullException.ThrowIfNull(policy);

        // Copied, because the proof outlives the caller's buffer; what is too large is not even that.
        var bytes = encoded.Length <= OcspResponse.MaximumLength ? encoded.ToArray() : encoded;
        if (!OcspResponse.TryDecode(bytes, out var response, out var rejection))
            return new VerificationResult(rejection);
        if (response.Basic is not { } basic)
            return new VerificationResult(Rejected(response.Status));

        if (
            !ResponseSigner.TryFind(basic, subject, policy, now, out var signer, out rejection)
            || !TryMatch(basic, subject, out var matches, out rejection)
        )
        {
            return new VerificationResult(rejection);
        }

        // Several that say the same: all of them must hold, and the one that ends first counts. Their order means
        // nothing.
        foreach (var match in matches)
        {
            if (!Holds(basic, match, subject, policy, now, out rejection))
                return new VerificationResult(rejection);
        }

        var single = matches.MinBy(match => End(match, policy))!;
        var expiresAt = Earliest(
            End(single, policy),
            signer.NotAfter,
            subject.IssuerBytes.NotAfter,
            subject.NotAfter ?? DateTimeOffset.MaxValue
        );
        return new VerificationResult(
            new VerifiedStaple(
                bytes,
                single.CertId!,
                single.Status,
                single.ThisUpdate,
                single.NextUpdate,
                basic.ProducedAt,
                expiresAt,
                basic.ResponderId,
                signer.SubjectName
            )
        );
    }

    private static Rejection Rejected(OcspResponseStatus status) =>
        new(
            status switch
            {
                OcspResponseStatus.MalformedRequest => RejectionReason.MalformedRequest,
                OcspResponseStatus.InternalError => RejectionReason.InternalError,
                OcspResponseStatus.TryLater => RejectionReason.TryLater,
                OcspResponseStatus.SigRequired => RejectionReason.SigRequired,
                _ => RejectionReason.Unauthorized,
            },
            $"the responder answered {status}"
        );

    // §3.2 (1): hash algorithm, both hashes and serial, all of them. Of several matches the worst is the answer.
    private static bool TryMatch(
        BasicOcspResponse basic,
        OcspSubject subject,
        out List<SingleResponse> matches,
        [NotNullWhen(false)] out Rejection? rejection
    )
    {
        matches = [];
        rejection = null;
        CertId? expected = null;
        foreach (var single in basic.Responses)
        {
            if (single.CertId is not { } id)
                continue;
            if (expected?.Hash != id.Hash)
                expected = subject.ToCertId(id.Hash);
            if (!id.Equals(expected) || (matches is [var other, ..] && single.Status.Kind < other.Status.Kind))
                continue;
            if (matches is [var better, ..] && single.Status.Kind > better.Status.Kind)
                matches.Clear();
            matches.Add(single);
        }

        if (matches.Count == 0)
            rejection = new Rejection(
                RejectionReason.CertIdMismatch,
                $"serial {Convert.ToHexStringLower(subject.SerialNumber.Span)} of this issuer is not what the "
                    + $"response is about ({basic.Responses.Count} "
                    + $"{(basic.Responses.Count == 1 ? "entry" : "entries")})"
            );
        return matches.Count > 0;
    }

    private static bool Holds(
        BasicOcspResponse basic,
        SingleResponse single,
        OcspSubject subject,
        VerificationPolicy policy,
        DateTimeOffset now,
        [NotNullWhen(false)] out Rejection? rejection
    )
    {
        rejection =
            CheckCriticalExtensions(basic, single)
            ?? CheckNonce(basic, policy)
            ?? CheckTime(basic, single, subject, policy, now);
        return rejection is null;
    }

    private static Rejection? CheckCriticalExtensions(BasicOcspResponse basic, SingleResponse single) =>
        (
            UnknownCritical(basic.Extensions, OcspOids.Nonce, OcspOids.ExtendedRevoke)
            ?? UnknownCritical(
                single.Extensions,
                OcspOids.ArchiveCutoff,
                OcspOids.Crl,
                OcspOids.ReasonCode,
                OcspOids.InvalidityDate,
                OcspOids.SignedCertificateTimestamps
            )
        )
            is { } oid
            ? new Rejection(RejectionReason.UnknownCriticalExtension, oid)
            : null;

    private static string? UnknownCritical(
        IReadOnlyList<OcspExtension> extensions,
        params ReadOnlySpan<string> understood
    )
    {
        foreach (var extension in extensions)
        {
            if (extension.Critical && !understood.Contains(extension.Oid))
                return extension.Oid;
        }

        return null;
    }

    // A nonce that nobody sent is not even read; one that is missing leaves freshness to the times (RFC 9654 §2.1).
    private static Rejection? CheckNonce(BasicOcspResponse basic, VerificationPolicy policy) =>
        policy.Nonce is { } sent
        && basic.HasNonce
        && !(basic.Nonce is { } received && sent.Span.SequenceEqual(received.Span))
            ? new Rejection(
                RejectionReason.NonceMismatch,
                $"sent {Convert.ToHexStringLower(sent.Span)}, received "
                    + $"{(basic.Nonce is { } other ? Convert.ToHexStringLower(other.Span) : "one that cannot be read")}"
            )
            : null;

    private static Rejection? CheckTime(
        BasicOcspResponse basic,
        SingleResponse single,
        OcspSubject subject,
        VerificationPolicy policy,
        DateTimeOffset now
    )
    {
        // Differences only: 9999-12-31, "no expiry" in RFC 5280 §4.1.2.5, leaves no room to add a skew to.
        var skew = policy.ClockSkew;
        if (single.ThisUpdate - now > skew)
            return new Rejection(RejectionReason.NotYetValid, $"thisUpdate {At(single.ThisUpdate)} is after {At(now)}");
        if (single.NextUpdate is { } nextUpdate)
        {
            if (nextUpdate < single.ThisUpdate)
                return new Rejection(
                    RejectionReason.InvertedValidity,
                    $"nextUpdate {At(nextUpdate)} is before thisUpdate {At(single.ThisUpdate)}"
                );
            if (now - nextUpdate > skew)
                return new Rejection(RejectionReason.Expired, $"nextUpdate {At(nextUpdate)} is before {At(now)}");
        }
        else if (policy.MissingNextUpdate == MissingNextUpdate.Reject)
        {
            return new Rejection(RejectionReason.NextUpdateMissing, "there is no nextUpdate");
        }
        else if (now - single.ThisUpdate > policy.AgeWithoutNextUpdate)
        {
            return new Rejection(
                RejectionReason.TooOld,
                $"thisUpdate {At(single.ThisUpdate)}, no nextUpdate, is older than {policy.AgeWithoutNextUpdate}"
            );
        }

        if (policy.MaximumAge is { } maximumAge && now - single.ThisUpdate > maximumAge)
            return new Rejection(
                RejectionReason.TooOld,
                $"thisUpdate {At(single.ThisUpdate)} is older than {maximumAge}"
            );

        if (basic.ProducedAt - now > skew)
            return new Rejection(
                RejectionReason.ProducedOutsideValidity,
                $"producedAt {At(basic.ProducedAt)} is after {At(now)}"
            );
        if (subject.NotBefore - basic.ProducedAt > skew || basic.ProducedAt - subject.NotAfter > skew)
            return new Rejection(
                RejectionReason.ProducedOutsideValidity,
                $"producedAt {At(basic.ProducedAt)} is outside the certificate's validity"
            );
        return null;
    }

    private static DateTimeOffset End(SingleResponse single, VerificationPolicy policy) =>
        single.NextUpdate ?? Later(single.ThisUpdate, policy.AgeWithoutNextUpdate);

    private static DateTimeOffset Earliest(params ReadOnlySpan<DateTimeOffset> instants)
    {
        var earliest = DateTimeOffset.MaxValue;
        foreach (var instant in instants)
        {
            if (instant < earliest)
                earliest = instant;
        }

        return earliest;
    }

    private static DateTimeOffset Later(DateTimeOffset instant, TimeSpan by) =>
        DateTimeOffset.MaxValue - instant < by ? DateTimeOffset.MaxValue : instant + by;

    /// <summary>An instant as rejections spell it.</summary>
    internal static string At(DateTimeOffset instant) =>
        instant.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
