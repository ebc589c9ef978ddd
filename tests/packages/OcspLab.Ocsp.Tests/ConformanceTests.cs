using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing.Conformance;

namespace OcspLab.Ocsp.Tests;

/// <summary>The table of forged responses: what this library says of each, and what openssl says.</summary>
public sealed class ConformanceTests
{
    public static IEnumerable<TheoryDataRow<string>> Names => Rows(ConformanceTable.Cases.Values);

    public static IEnumerable<TheoryDataRow<string>> NamesForOpenSsl =>
        Rows(ConformanceTable.Cases.Values.Where(item => item.OpenSslCannotJudge is null));

    [Theory, MemberData(nameof(Names))]
    public void A_response_gets_the_verdict_and_the_reason_that_it_deserves(string name)
    {
        var item = ConformanceTable.Cases[name];
        var subject = OcspSubject.FromCertificate(
            (item.Server ?? ConformanceTable.Pki.Server).Certificate,
            (item.Issuer ?? ConformanceTable.Pki.Issuer).Certificate
        );
        var verdict = OcspVerifier
            .Verify(item.Response, subject, item.Policy, ConformanceTable.Pki.Now)
            .TryGetStaple(out var staple, out var rejection)
            ? staple.Status.Kind.ToString().ToLowerInvariant()
            : rejection.Reason.ToSnakeCase();
        Assert.True(item.Expected == verdict, $"expected {item.Expected}, got {verdict}: {rejection?.Detail}");
    }

    [Theory, MemberData(nameof(NamesForOpenSsl)), Trait("Ring", "program")]
    public async Task Openssl_agrees_or_its_disagreement_is_on_record(string name)
    {
        var item = ConformanceTable.Cases[name];
        Assert.SkipWhen(
            item.OpenSslSince is { } since && await OpenSslJudge.ReadVersionAsync() < since,
            $"OpenSSL before {item.OpenSslSince} is wrong about it"
        );
        var (verdict, output) = await OpenSslJudge.JudgeAsync(item);
        var ours = item.IsAccepted ? item.Expected : "rejected";
        if (item.OpenSslDiffers is null)
            Assert.True(ours == verdict, $"ours: {item.Expected}, openssl: {verdict}\n{output}");
        else
            Assert.True(ours != verdict, $"the disagreement on record is gone: both say {verdict}");
    }

    private static IEnumerable<TheoryDataRow<string>> Rows(IEnumerable<ConformanceCase> cases) =>
        cases.Select(item => new TheoryDataRow<string>(item.Name).WithTrait("Rule", item.Rule));
}
