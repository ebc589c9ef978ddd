using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Rejections;

namespace OcspLab.Ocsp.Tests;

public sealed class RejectionReasonsTests
{
    [Fact]
    public void Every_reason_has_a_spelling_and_all_but_our_own_limit_a_section()
    {
        foreach (var reason in Enum.GetValues<RejectionReason>())
        {
            Assert.Matches("^[a-z]+(_[a-z]+)*$", reason.ToSnakeCase());
            Assert.Equal(reason == RejectionReason.TooLarge, reason.ToSection() is null);
        }
    }

    [Fact]
    public void A_strangers_name_does_not_steer_the_terminal()
    {
        var name = new System.Security.Cryptography.X509Certificates.X500DistinguishedNameBuilder();
        name.AddCommonName("a\u001b[31mb\nc");
        Assert.Equal(
            "CN=a?[31mb?c",
            DistinguishedNames.Describe(name.Build().RawData).Trim('"').Replace("\"", "", StringComparison.Ordinal)
        );
    }
}
