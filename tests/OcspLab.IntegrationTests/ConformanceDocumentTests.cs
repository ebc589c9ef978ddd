using OcspLab.Testing;
using OcspLab.Testing.Conformance;

namespace OcspLab.IntegrationTests;

public sealed class ConformanceDocumentTests
{
    [Fact]
    public async Task The_document_says_what_the_tests_prove()
    {
        var generated = ConformanceDocument.Generate();
        if (Environment.GetEnvironmentVariable("OCSPLAB_UPDATE_DOCS") == "1")
            await File.WriteAllTextAsync(
                Path.Combine(Repository.Root, "docs/conformance.md"),
                generated,
                TestContext.Current.CancellationToken
            );
        var written = await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "conformance.md"),
            TestContext.Current.CancellationToken
        );
        Assert.True(
            generated == written || Environment.GetEnvironmentVariable("OCSPLAB_UPDATE_DOCS") == "1",
            "docs/conformance.md is out of date: run this test with OCSPLAB_UPDATE_DOCS=1"
        );
    }

    [Fact]
    public void No_rule_for_verifiers_is_without_proof()
    {
        var unproven = RuleBook.Verifier.Where(rule =>
            !ConformanceDocument.Proofs[rule.Id].Any()
            && ConformanceTable.Cases.Values.All(item => item.Rule != rule.Id)
        );
        Assert.Empty(unproven.Select(rule => rule.Id));
    }

    [Fact]
    public void No_test_proves_a_rule_that_nobody_wrote_down()
    {
        var known = RuleBook
            .Verifier.Concat(RuleBook.Responder)
            .Concat(RuleBook.Stapling)
            .Select(rule => rule.Id)
            .ToHashSet(StringComparer.Ordinal);
        Assert.All(ConformanceDocument.Proofs.Select(proof => proof.Key), id => Assert.Contains(id, known));
        Assert.All(ConformanceTable.Cases.Values, item => Assert.Contains(item.Rule, known));
    }
}
