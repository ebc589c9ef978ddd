namespace OcspLab.Testing.Conformance;

/// <summary>A rule that tests prove by carrying its id.</summary>
/// <param name="Id">Stable: V for who verifies, R for who responds.</param>
/// <param name="Source">Where it comes from; § alone is RFC 6960.</param>
/// <param name="Text">What holds.</param>
public sealed record Rule(string Id, string Source, string Text);

/// <summary>The rules of OCSP that this project keeps.</summary>
public static class RuleBook
{
    public static IReadOnlyList<Rule> Verifier { get; } =
    [
        new("V1", "§4.2.1", "Every status is told apart; 4 and those above 6 are not accepted."),
        new("V2", "§4.2.1", "Only basic responses are read."),
        new(
            "V3",
            "§4.2.1, X.690",
            "DER and nothing but: no BER, no value too many, nothing after the end, on no level. One leniency: a "
                + "default that is spelled out (version v1, critical FALSE), which is signed and harmless."
        ),
        new(
            "V4",
            "§3.2 (1), §4.1.1",
            "An entry is about a certificate when hash algorithm, both hashes and serial number are its own."
        ),
        new("V5", "§3.2", "Of several entries about the certificate the worst counts."),
        new("V6", "§3.2 (1)", "No entry about the certificate is not good news."),
        new("V7", "§3.2 (2)", "The signature is over the received bytes."),
        new("V8", "§4.2.2.3", "The signer is found by name and by key."),
        new(
            "V9",
            "§4.2.2.2",
            "The signer is the issuing authority, or a delegate with OCSPSigning that the same key certified."
        ),
        new("V10", "§4.2.2.2", "A sibling without OCSPSigning does not sign."),
        new("V11", "§4.2.2.2", "Another authority's delegate does not sign."),
        new(
            "V12",
            "§3.2 (3)–(4), RFC 5280 §4.2",
            "The delegate's own signature, validity, key usage and critical extensions are checked."
        ),
        new("V13", "§4.2.2.2.1", "id-pkix-ocsp-nocheck is honoured; a delegate without it is a matter of policy."),
        new("V14", "§4.2.1", "Certificates that are not needed, or in another order, do no harm."),
        new("V15", "§4.2.2.2", "An authority that signs itself encloses no certificate."),
        new("V16", "§4.2.2.1", "thisUpdate is not in the future, but for a bounded difference of clocks."),
        new("V17", "§4.2.2.1", "nextUpdate has not passed, but for a bounded difference of clocks."),
        new("V18", "§4.2.2.1, RFC 9919 §3.2.4", "Without nextUpdate the age is bounded, or the response rejected."),
        new(
            "V19",
            "§2.4",
            "producedAt lies within the validity of the certificate in question, and not in the future."
        ),
        new("V20", "§4.4, RFC 5280 §4.2", "What is critical and not understood is rejected."),
        new("V21", "RFC 9654 §2.1", "Another nonce than the one sent is rejected; none leaves it to the times."),
        new("V22", "RFC 9654 §2.1", "A nonce that was not asked for is ignored."),
        new("V23", "RFC 9654 §2.1", "A nonce, when one is sent, is 32 random octets; none is sent by default."),
        new(
            "V24",
            "RFC 9919 §6",
            "GET while the URL has at most 255 bytes, else POST; a GET that is not understood is repeated as POST."
        ),
        new("V24b", "RFC 9919 §3.1.1", "CertIDs are asked by SHA-1 unless set otherwise."),
        new(
            "V25",
            "RFC 9919 §7",
            "Only what was verified is kept, and no longer than nextUpdate and its signer's certificate last."
        ),
        new("V26", "RFC 9919 §7.2", "HTTP's headers are hints, never reasons to believe."),
        new(
            "V27",
            "RFC 6960 §4.3, NIST SP 800-131A",
            "Signatures over SHA-1 are a decision of policy and refused by default; what is weaker or not known is "
                + "refused."
        ),
        new(
            "V28",
            "§4.2.1, RFC 5280 §5.3.1",
            "Revoked carries time and reason; reasons that are not defined do no harm."
        ),
        new(
            "V29",
            "RFC 9919 §6",
            "A fetch has a deadline, a limit of bytes and of redirects, and stays on http and https."
        ),
    ];

    public static IReadOnlyList<Rule> Responder { get; } =
    [
        new("R1", "A.1, RFC 9919 §6", "GET with the URL-encoded base64 of the request, and POST."),
        new("R2", "A.1", "GET in all its spellings: %2F and /, //, + and %2B, %3D, a second leading slash."),
        new("R3", "CA/B BR 4.9.9", "Both GET and POST are answered."),
        new(
            "R4",
            "§2.3",
            "What is not a request is answered malformedRequest: trailing bytes, BER, no certificate asked about."
        ),
        new("R5", "§2.3, §4.2.1", "Errors are unsigned and have no responseBytes; status 4 is never sent."),
        new("R6", "§4.1.2", "An unknown extension is passed over, unless it is critical."),
        new("R7", "RFC 9919 §3.1.2", "A requestorName without a signature is passed over."),
        new(
            "R8",
            "§4.1.2",
            "A signed request is answered like any other; where signatures are required, one without is told "
                + "sigRequired."
        ),
        new("R9", "§4.4.3", "A client that does not take basic responses gets none."),
        new(
            "R10",
            "§4.1.1",
            "Issuers are known by the hashes of name and key, in SHA-1, SHA-256, SHA-384 and SHA-512."
        ),
        new("R11", "§4.2.1", "Answers are basic responses in DER."),
        new("R12", "§4.2.1", "version v1 is left out."),
        new("R13", "§4.2.1", "One entry for each certificate asked about."),
        new("R14", "§4.2.1", "No entry more."),
        new("R15", "§4.2.2.3", "ResponderID is the signer's."),
        new("R16", "RFC 9919 §3.2.2", "ResponderID is by key: SHA-1 of the key bits."),
        new("R17", "§4.2.1", "A delegate's certificate is enclosed; otherwise certs is left out."),
        new("R18", "§4.2.2.2", "The delegate is the named authority's own."),
        new("R20", "RFC 9919 §3.2.1", "RSA and ECDSA over SHA-256."),
        new("R21", "§4.4.7.2", "Preferred signature algorithms are heeded where there are several keys."),
        new("R22", "RFC 5280 §4.1.2.5.2", "Times are YYYYMMDDHHMMSSZ."),
        new("R23", "§4.2.2.1", "thisUpdate is when the status was known, producedAt when it was signed."),
        new("R24", "RFC 9919 §3.2.4", "nextUpdate is there unless left out on purpose."),
        new("R25", "§2.3, RFC 9919 §3.2.3", "unauthorized for certificates of authorities that are not ours."),
        new("R26", "§2.3", "tryLater for what passes."),
        new("R28", "§2.2", "A serial number that was never issued is never good."),
        new("R29", "§2.2", "It is unknown by default, unauthorized by setting."),
        new("R30", "§2.2, §4.4.8", "Or revoked by setting, with extended-revoke."),
        new("R31", "§4.4.4", "Archive cutoff."),
        new("R32", "§4.4.2", "CrlID where a CRL is the source."),
        new("R33", "RFC 9654 §2.1", "Nonces of 16 to 32 octets are echoed."),
        new("R34", "RFC 9654 §2.1", "Nonces of no octets and of more than 128 are malformed."),
        new("R35", "RFC 9654 §2.1", "Nonces of other lengths are no reason to refuse."),
        new("R36", "RFC 9654 §2.1", "The nonce is an OCTET STRING within an OCTET STRING."),
        new("R37", "RFC 9919 §4", "A pre-signed answer may leave the nonce out."),
        new("R38", "RFC 9919 §6–7.2", "Content-Type, ETag, Expires, Last-Modified, 304."),
        new("R39", "RFC 9919 §7.2", "Cache-Control ends before nextUpdate and before the next signing."),
        new("R40", "RFC 9919 §7.2", "Errors, nonces and answers to several questions are not cached."),
        new("R41", "CA/B BR 4.9.9", "Validity of eight hours to ten days, renewed in time."),
        new("R42", "CA/B BR 4.9.9", "An answer is known soon after issuance."),
        new("R43", "CA/B BR 7.1.2.8", "The delegate's certificate is fit for it, and no answer outlives it."),
        new("R44", "§2.5", "A revocation is in the very next answer; no reason stands among the extensions."),
    ];

    /// <summary>The rules of stapling; most of them come from what has gone wrong in other servers.</summary>
    public static IReadOnlyList<Rule> Stapling { get; } =
    [
        new("S1", "RFC 6066 §8", "The first staple is fetched before the port opens, with a bounded wait."),
        new("S2", "RFC 6066 §8", "The very first handshake is stapled."),
        new("S3", "practice", "Refreshing needs no traffic."),
        new(
            "S4",
            "practice",
            "A refresh comes at half of the staple's life, sooner where the responder's caches let go sooner."
        ),
        new("S5", "practice", "Jitter keeps a fleet apart."),
        new(
            "S6",
            "practice",
            "Failures back off exponentially, capped, faster as the end nears; a failing responder is left alone "
                + "for a while."
        ),
        new("S7", "practice", "The last good staple serves through an outage, until it expires."),
        new("S8", "practice", "An expired staple is never stapled: each handshake looks."),
        new("S9", "practice", "tryLater, errors of HTTP and pages of HTML are dropped, and named."),
        new("S10", "practice", "An authentic revoked replaces the older good at once."),
        new("S11", "practice", "unknown is not stapled; the last good staple serves on."),
        new("S12", "practice", "Every response is verified; no setting turns that off."),
        new("S13", "practice", "A staple is of exactly this certificate."),
        new("S14", "practice", "A response from the future is not stapled."),
        new("S15", "practice", "Without nextUpdate a staple's life is bounded."),
        new("S16", "practice", "A staple does not outlive its signer."),
        new("S17", "practice", "GET, and POST where GET is not understood."),
        new("S18", "practice", "No nonce unless wanted."),
        new("S19", "practice", "All responders are tried in turn; the one that worked comes first."),
        new("S20", "practice", "A responder of one's own, in general and for single certificates."),
        new(
            "S21",
            "practice",
            "Name servers of one's own, with deadline and cache time; one deadline on the whole fetch."
        ),
        new("S22", "practice", "A proxy of one's own, or the system's."),
        new("S23", "practice", "The size of a response is limited."),
        new("S25", "practice", "Staples survive a restart, verified again, written whole."),
        new("S26", "practice", "A fleet shares its staples, one asks for all, and nothing goes back in time."),
        new("S27", "RFC 7633", "A must-staple certificate is not served without a staple, unless told to."),
        new("S28", "practice", "Every way in which Kestrel comes by a certificate."),
        new("S29", "practice", "A certificate that is replaced while the server runs is stapled."),
        new("S30", "RFC 8446 §4.4.2.1", "Staples of intermediates (TLS 1.3)."),
        new("S31", "practice", "Gauges and counters."),
        new("S32", "practice", "Health degrades before clients notice."),
        new("S33", "practice", "What is held can be seen, and refreshed on demand."),
        new("S34", "practice", "A reason for not stapling is said once, with what to do."),
        new("S35", "practice", "The whole engine runs on a clock that tests move."),
        new("S36", "practice", "A certificate without OCSP costs one line."),
        new("S37", "practice", "A staple from a file goes through the same verifier."),
        new(
            "S38",
            "practice",
            "Of two responses with the same thisUpdate the one produced later counts; where that is the same too, the "
                + "revoked one."
        ),
        new("S39", "practice", "A wall clock that jumps and comes back costs no staple, and no refresh for long."),
        new("S40", "practice", "Where a new staple cannot be put in force, the one before it is no longer sent."),
        new("S41", "practice", "A redirect is followed on the same host only, and a POST is never repeated."),
        new("S42", "practice", "What nobody uses any more is let go: in memory, in the schedule and in the store."),
        new("S43", "practice", "A store that fails, blocks or hangs costs the application no thread and no staple."),
        new(
            "S44",
            "practice",
            "The application is told of revocations, changes and failures, and cannot be harmed by it."
        ),
        new(
            "S45",
            "RFC 5280 §4.2.2.1",
            "An issuer that is missing is downloaded, over http only, and believed only by its signature."
        ),
    ];
}
