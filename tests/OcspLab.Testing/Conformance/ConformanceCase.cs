using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing.Forge;

namespace OcspLab.Testing.Conformance;

/// <summary>One response, and what must be said of it.</summary>
/// <param name="Rule">The rule that it proves.</param>
/// <param name="Name">Unique; a sentence's subject.</param>
/// <param name="Response">The bytes.</param>
public sealed record ConformanceCase(string Rule, string Name, byte[] Response)
{
    /// <summary>
    /// <c>good</c>, <c>revoked</c>, <c>unknown</c>, or the snake_case of a <see cref="RejectionReason"/>.
    /// </summary>
    public string Expected { get; init; } = "good";

    public VerificationPolicy Policy { get; init; } = new();

    /// <summary>Who issued the certificate, when it is not the forge's usual authority.</summary>
    public ForgedCertificate? Issuer { get; init; }

    /// <summary>The certificate in question, when it is not the usual one.</summary>
    public ForgedCertificate? Server { get; init; }

    /// <summary>Further arguments for <c>openssl ocsp</c>.</summary>
    public IReadOnlyList<string> OpenSslArguments { get; init; } = [];

    /// <summary>
    /// Where <c>openssl ocsp</c> says something else: why ours is right. The test fails when it comes to agree.
    /// </summary>
    public string? OpenSslDiffers { get; init; }

    /// <summary>The first release of OpenSSL that agrees, where an earlier one was seen to be wrong.</summary>
    public Version? OpenSslSince { get; init; }

    /// <summary>Why <c>openssl ocsp</c> cannot be asked.</summary>
    public string? OpenSslCannotJudge { get; init; }

    public bool IsAccepted => Expected is "good" or "revoked" or "unknown";
}
