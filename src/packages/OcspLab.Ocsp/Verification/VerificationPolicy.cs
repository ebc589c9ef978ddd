using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using OcspLab.Ocsp.Signatures;

namespace OcspLab.Ocsp.Verification;

/// <summary>The decisions that the RFCs leave to the relying party. Immutable; the defaults suit stapling.</summary>
[UnconditionalSuppressMessage(
    "Trimming",
    "IL2026",
    Justification = "The bounds are read by BoundsValidator, without a type converter."
)]
public sealed record VerificationPolicy
{
    /// <summary>
    /// <value>How far the responder's clock may run ahead or behind: applied to thisUpdate, nextUpdate, producedAt and
    /// the signer's validity. 0 to 1 day; default 5 minutes.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// <value>What to do with a response without nextUpdate. Default
    /// <see cref="MissingNextUpdate.BoundByAge"/>.</value>
    /// </summary>
    public MissingNextUpdate MissingNextUpdate { get; init; } = MissingNextUpdate.BoundByAge;

    /// <summary>
    /// <value>How long after thisUpdate a response without nextUpdate is believed. 1 minute to 30 days; default 12
    /// hours.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan AgeWithoutNextUpdate { get; init; } = TimeSpan.FromHours(12);

    /// <summary>
    /// <value>The greatest age (now − thisUpdate) of any response, or null for no limit but nextUpdate. Default
    /// null.</value>
    /// </summary>
    public TimeSpan? MaximumAge { get; init; }

    /// <summary>
    /// <value>Whether a SHA-1 signature is believed. Default <see cref="Sha1Signatures.Reject"/>.</value>
    /// </summary>
    public Sha1Signatures Sha1Signatures { get; init; } = Sha1Signatures.Reject;

    /// <summary>
    /// <value>What to do with a delegate that may itself have been revoked. Default
    /// <see cref="DelegateWithoutNoCheck.Accept"/>.</value>
    /// </summary>
    public DelegateWithoutNoCheck DelegateWithoutNoCheck { get; init; } = DelegateWithoutNoCheck.Accept;

    /// <summary>
    /// <value>The nonce that was sent, or null. A response that carries another one is rejected; one without falls back
    /// to time (RFC 9654 §2.1).</value>
    /// </summary>
    public ReadOnlyMemory<byte>? Nonce { get; init; }
}

/// <summary>
/// What a missing nextUpdate means (RFC 6960 §4.2.2.1: "newer revocation information is available all the time").
/// </summary>
public enum MissingNextUpdate
{
    /// <summary>Believed until <see cref="VerificationPolicy.AgeWithoutNextUpdate"/> after thisUpdate.</summary>
    BoundByAge,

    /// <summary>Rejected, as RFC 9919 §3.2.4 wants.</summary>
    Reject,
}

/// <summary>
/// What a delegate's certificate without id-pkix-ocsp-nocheck means: its authority wants its revocation checked too,
/// which RFC 6960 §4.2.2.2.1 leaves to the relying party's policy where the certificate does not say how.
/// </summary>
public enum DelegateWithoutNoCheck
{
    /// <summary>Believed while its certificate is valid, unchecked.</summary>
    Accept,

    /// <summary>Rejected.</summary>
    Reject,
}
