using System.Text.RegularExpressions;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Topology;
using OcspLab.Responder.Faults;
using OcspLab.Testing;

namespace OcspLab.Lab.Tests;

public sealed partial class LabCommandsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private IReadOnlyList<LabCommand> Commands =>
        LabCommands.Create(new LabTopology { Directory = _folder.Path }, _ => Task.CompletedTask, TimeProvider.System);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_name_is_unique_and_one_that_a_dashboard_takes()
    {
        Assert.Distinct(Commands.Select(command => command.Name));
        Assert.All(Commands, command => Assert.Matches(Name(), command.Name));
        Assert.All(Commands, command => Assert.Contains(command.Resource, LabTopology.Resources));
    }

    [Fact]
    public void Every_fault_of_the_responder_can_be_had() =>
        Assert.Equal(
            Enum.GetValues<FaultKind>().Length,
            Commands.Count(command => command.Name.StartsWith(LabCommands.FaultPrefix, StringComparison.Ordinal))
        );

    [Theory]
    [InlineData("revoke")]
    [InlineData("heal")]
    [InlineData("refresh")]
    public async Task Without_a_running_lab_a_command_says_so(string name) =>
        await Assert.ThrowsAsync<LabException>(() =>
            Commands.First(command => command.Name == name).RunAsync(TestContext.Current.CancellationToken)
        );

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex Name();
}
