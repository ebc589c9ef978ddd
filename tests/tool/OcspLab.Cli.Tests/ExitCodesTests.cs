using OcspLab.Cli.CommandLine;
using OcspLab.Lab;
using OcspLab.Probe;

namespace OcspLab.Cli.Tests;

/// <summary>Scripts rely on these numbers.</summary>
public sealed class ExitCodesTests
{
    [Theory]
    [InlineData(StapleVerdictKind.Good, 0)]
    [InlineData(StapleVerdictKind.Revoked, 1)]
    [InlineData(StapleVerdictKind.Unknown, 2)]
    [InlineData(StapleVerdictKind.Rejected, 3)]
    [InlineData(StapleVerdictKind.Absent, 4)]
    public void A_verdict_has_a_code_of_its_own(StapleVerdictKind verdict, int code) =>
        Assert.Equal(code, ExitCodes.Of(verdict));

    [Theory]
    [InlineData(LabFailure.Usage, 64)]
    [InlineData(LabFailure.Unavailable, 69)]
    [InlineData(LabFailure.CannotCreate, 73)]
    [InlineData(LabFailure.Configuration, 78)]
    public void A_failure_says_in_its_code_what_is_to_be_mended(LabFailure failure, int code) =>
        Assert.Equal(code, ExitCodes.Of(failure));
}
