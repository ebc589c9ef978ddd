using System.CommandLine;
using OcspLab.Cli.CommandLine;
using OcspLab.Lab;
using OcspLab.Pki;
using OcspLab.Probe;

namespace OcspLab.Cli.Tests;

/// <summary>What becomes of a command that fails.</summary>
public sealed class CommandRunnerTests
{
    [Fact]
    public async Task A_command_line_that_is_wrong_is_a_usage_error() =>
        Assert.Equal(64, await CommandRunner.RunAsync(Root(() => 0), ["--no-such-option"]));

    [Fact]
    public async Task A_command_says_with_which_code_it_ends() =>
        Assert.Equal(3, await CommandRunner.RunAsync(Root(() => 3), []));

    public static TheoryData<Exception, int> Failures =>
        new()
        {
            { new LabException("", LabFailure.Configuration), 78 },
            { new ProbeException(""), 69 },
            { new PkiException("", new IOException()), 73 },
            { new PkiException("", new InvalidOperationException()), 78 },
            { new HttpRequestException(), 69 },
            { new UnauthorizedAccessException(), 73 },
            { new OperationCanceledException(), 130 },
            { new InvalidOperationException(), 70 },
        };

    [Theory, MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public async Task A_failure_ends_with_the_code_of_its_kind(Exception failure, int code) =>
        Assert.Equal(code, await CommandRunner.RunAsync(Root(() => throw failure), []));

    private static RootCommand Root(Func<int> run)
    {
        var root = new RootCommand("A command.");
        root.SetAction((_, _) => Task.FromResult(run()));
        return root;
    }
}
