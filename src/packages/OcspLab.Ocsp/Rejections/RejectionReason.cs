namespace OcspLab.Ocsp.Rejections;

/// <summary>
/// Why a response is not believed. The snake_case of a member is the metric tag, the JSON value and the anchor in the
/// documentation.
/// </summary>
public enum RejectionReason
{
    /// <summary>The bytes are not a DER OCSPResponse, whole and without a remainder (RFC 6960 §4.2.1).</summary>
    Malformed,

    /// <summary>More than 16 MiB, the most that is looked at; no section of an RFC sets a limit.</summary>
    TooLarge,

    /// <summary>responseStatus is a value that RFC 6960 §4.2.1 does not define.</summary>
    UndefinedResponseStatus,

    /// <summary>The responder answered malformedRequest (RFC 6960 §2.3).</summary>
    MalformedRequest,

    /// <summary>The responder answered internalError (RFC 6960 §2.3).</summary>
    InternalError,

    /// <summary>The responder answered tryLater (RFC 6960 §2.3).</summary>
    TryLater,

    /// <summary>The responder answered sigRequired (RFC 6960 §2.3).</summary>
    SigRequired,

    /// <summary>The responder answered unauthorized (RFC 6960 §2.3, RFC 9919 §3.2.3).</summary>
    Unauthorized,

    /// <summary>The response type is not id-pkix-ocsp-basic (RFC 6960 §4.2.1).</summary>
    UnsupportedResponseType,

    /// <summary>
    /// No entry names exactly this certificate: hash algorithm, issuer name, issuer key and serial (RFC 6960 §3.2 (1)).
    /// </summary>
    CertIdMismatch,

    /// <summary>
    /// Neither the issuer nor an enclosed certificate is the one that ResponderID names (RFC 6960 §4.2.2.2).
    /// </summary>
    SignerNotFound,

    /// <summary>
    /// The signer was not issued directly by the certificate's issuer, with that issuer's key (RFC 6960 §4.2.2.2).
    /// </summary>
    SignerNotAuthorized,

    /// <summary>The signer's certificate lacks the extended key usage OCSPSigning (RFC 6960 §4.2.2.2).</summary>
    SignerWithoutOcspSigning,

    /// <summary>The signer's certificate may not be used for digital signatures (RFC 5280 §4.2.1.3).</summary>
    SignerKeyUsage,

    /// <summary>A critical extension of the signer's certificate is not understood (RFC 5280 §4.2).</summary>
    SignerUnknownCriticalExtension,

    /// <summary>
    /// The signer's certificate lacks id-pkix-ocsp-nocheck and the policy wants it (RFC 6960 §4.2.2.2.1).
    /// </summary>
    SignerWithoutNoCheck,

    /// <summary>The signer's certificate, or its issuer's, has expired (RFC 6960 §3.2 (4)).</summary>
    SignerExpired,

    /// <summary>The signer's certificate, or its issuer's, is not valid yet (RFC 6960 §3.2 (4)).</summary>
    SignerNotYetValid,

    /// <summary>
    /// The signature algorithm, or its parameters, is not supported (RFC 6960 §4.3, RFC 4055, RFC 5758, RFC 8410, RFC
    /// 9881).
    /// </summary>
    UnsupportedSignatureAlgorithm,

    /// <summary>The signature uses SHA-1 and the policy does not allow it (RFC 6960 §4.3, RFC 6194 §4).</summary>
    WeakSignatureAlgorithm,

    /// <summary>The signature is not the signer's over these bytes (RFC 6960 §3.2 (2)).</summary>
    BadSignature,

    /// <summary>A critical extension is not understood (RFC 6960 §4.4, RFC 5280 §4.2).</summary>
    UnknownCriticalExtension,

    /// <summary>thisUpdate lies in the future (RFC 6960 §4.2.2.1).</summary>
    NotYetValid,

    /// <summary>nextUpdate has passed (RFC 6960 §4.2.2.1).</summary>
    Expired,

    /// <summary>nextUpdate lies before thisUpdate, so no instant is inside (RFC 6960 §2.4).</summary>
    InvertedValidity,

    /// <summary>
    /// nextUpdate is absent and the policy does not accept that (RFC 6960 §4.2.2.1; RFC 9919 §3.2.4 requires it).
    /// </summary>
    NextUpdateMissing,

    /// <summary>The status is older than the policy's maximum age (RFC 6960 §3.2 (5)).</summary>
    TooOld,

    /// <summary>producedAt lies outside the validity of the certificate, or in the future (RFC 6960 §2.4).</summary>
    ProducedOutsideValidity,

    /// <summary>The nonce is not the one that was sent (RFC 9654 §2.1).</summary>
    NonceMismatch,

    /// <summary>
    /// The response holds entries for several certificates and nothing says which one is meant (RFC 6960 §4.2.1).
    /// </summary>
    Ambiguous,
}
