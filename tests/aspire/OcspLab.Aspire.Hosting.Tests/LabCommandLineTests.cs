using System.Net;
using System.Net.Sockets;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using OcspLab.AppHost;
using OcspLab.Testing;

namespace OcspLab.Aspire.Hosting.Tests;

/// <summary>The lab's AppHost as a program, without the launch profile.</summary>
[Trait("Ring", "program")]
public sealed class LabCommandLineTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--help")]
    [InlineData("-?")]
    [InlineData("--version")]
    public async Task What_only_asks_starts_nothing(string option)
    {
        var run = await Tool.RunInAsync(_folder.Path, "dotnet", Program, option);
        Assert.Equal(0, run.ExitCode);
        Assert.DoesNotContain("Distributed application", run.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData("--ngnix", "off")]
    [InlineData("--json")]
    public async Task A_mistyped_option_is_an_error(params string[] options)
    {
        var run = await RunAsync([.. options, "--lab", _folder["lab"]]);
        Assert.Equal(64, run.ExitCode);
        Assert.Contains($"There is no option '{options[0]}'.", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["lab"]));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_as_without_Aspire()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var topology = LabFixture.NewTopology(_folder["lab"]);
        var run = await RunAsync(
            LabFixture.Arguments(topology with { Ports = topology.Ports with { Kestrel = port } })
        );
        Assert.Equal(69, run.ExitCode);
        Assert.Contains(
            $"Port {port} of 'kestrel' is in use. End who listens there, or move the resource with --kestrel-port.",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_runs_without_the_launch_profile_and_takes_itself_down()
    {
        Assert.SkipWhen(
            Array.Exists([15080, 19080, 20080], IsTaken),
            "Another dashboard listens on one of the ports 15080, 19080, 20080."
        );
        var topology = LabFixture.NewTopology(_folder["lab"]);
        string[] variables =
        [
            "ASPNETCORE_URLS",
            "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL",
            "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL",
            "ASPIRE_ALLOW_UNSECURED_TRANSPORT",
        ];
        var run = await Tool.RunAsync(
            "env",
            [
                .. variables.SelectMany(name => new[] { "-u", name }),
                "dotnet",
                Program,
                .. LabFixture.Arguments(topology),
                "--for",
                "00:00:10",
            ]
        );
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.Contains("http://localhost:15080/login?t=", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Grpc", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_manifest_is_the_one_that_is_written_down_and_names_no_path_of_this_machine()
    {
        var run = await RunAsync(
            "--operation",
            "publish",
            "--publisher",
            "manifest",
            "--output-path",
            _folder["manifest.json"],
            "--lab",
            Path.Combine(Repository.Root, "OcspLab.AppHost", ".lab")
        );
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.DoesNotContain("every address", run.Output + run.Error, StringComparison.Ordinal);
        var manifest = Normalize(
            await File.ReadAllTextAsync(_folder["manifest.json"], TestContext.Current.CancellationToken)
        );
        // Paths are relative to the manifest.
        manifest = manifest.Replace(
            Path.GetRelativePath(_folder.Path, Repository.Root).Replace('\\', '/'),
            "..",
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(Repository.Root, manifest, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("OCSPLAB_UPDATE_DOCS") is not null)
            await File.WriteAllTextAsync(
                Path.Combine(Repository.Root, "tests/aspire/OcspLab.Aspire.Hosting.Tests/manifest.json"),
                manifest + "\n",
                TestContext.Current.CancellationToken
            );
        var written = await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "manifest.json"),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(Normalize(written), Normalize(manifest));
    }

    // Whatever is in the path of this repository, it is there as it is.
    private static string Normalize(string json) => JsonNode.Parse(json)!.ToJsonString(Plain);

    private static readonly JsonSerializerOptions Plain = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static bool IsTaken(int port)
    {
        using var client = new TcpClient();
        try
        {
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Program => typeof(AspireLab).Assembly.Location;

    private static Task<ToolResult> RunAsync(params string[] arguments) =>
        Tool.RunAsync("dotnet", [Program, .. arguments]);
}
