namespace OcspLab.IntegrationTests;

/// <summary>What <c>ocsplab</c> says to what it is told: help, hints and exit codes.</summary>
public sealed class CommandLineTests : UpBench
{
    [Theory]
    [InlineData("up", "--nginx", "sometimes")]
    [InlineData("up", "--kestrel-port", "70000")]
    [InlineData("up", "--for", "soon")]
    [InlineData("inspect")]
    [InlineData("inspect", "host:no-port")]
    [InlineData("inspect", "127.0.0.1:1", "--tls", "1.1")]
    [InlineData("pki", "revoke")]
    [InlineData("nonsense")]
    public async Task A_wrong_command_line_is_64_with_a_hint(params string[] arguments)
    {
        var result = await Programs.OcspLabAsync(arguments);
        Assert.Equal(64, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains("--help", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_69()
    {
        var result = await Programs.OcspLabAsync("inspect", $"127.0.0.1:{Ports.Kestrel}");
        Assert.Equal(69, result.ExitCode);
        Assert.Contains("cannot be reached", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lab_that_is_not_there_is_not_made_by_asking_it()
    {
        var result = await Programs.OcspLabAsync("pki", "revoke", "echo", "--lab", Folder["none"]);
        Assert.Equal(64, result.ExitCode);
        Assert.Contains("There is no lab in", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Folder["none"]));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("up", "--help")]
    [InlineData("inspect", "--help")]
    [InlineData("pki", "--help")]
    [InlineData("doctor", "--help")]
    public async Task Help_has_examples(params string[] arguments)
    {
        var result = await Programs.OcspLabAsync(arguments);
        Assert.Equal(0, result.ExitCode);
        if (arguments.Length > 1)
            Assert.Contains("Example", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_names_every_port_and_tool()
    {
        var result = await Programs.OcspLabAsync(["doctor", .. Options]);
        Assert.Equal(0, result.ExitCode);
        Assert.All(Ports.All, port => Assert.Contains($"port {port.Number}", result.Output, StringComparison.Ordinal));
        Assert.All((string[])["nginx", "container runtime", "openssl", "curl"], tool =>
            Assert.Contains(tool, result.Output, StringComparison.Ordinal)
        );
    }
}
