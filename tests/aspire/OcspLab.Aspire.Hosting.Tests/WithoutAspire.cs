namespace OcspLab.Aspire.Hosting.Tests;

/// <summary>What is tested where Aspire's packages are: said, where they are not.</summary>
public sealed class WithoutAspire
{
    private const string Missing =
        "Aspire's packages are missing: needs -p:UseAspire=true and a feed that has Aspire.AppHost.Sdk 13.5.2.";

    [Fact(Skip = Missing)]
    public void The_integrations_model() { }

    [Fact(Skip = Missing)]
    public void The_labs_command_line_and_manifest() { }

    [Fact(Skip = Missing)]
    public void The_lab_under_the_orchestrator() { }

    [Fact(Skip = Missing)]
    public void An_application_of_ones_own_under_the_orchestrator() { }
}
