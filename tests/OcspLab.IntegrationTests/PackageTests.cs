using System.IO.Compression;
using System.Xml.Linq;
using OcspLab.Probe;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>The packages as somebody else's project meets them.</summary>
public sealed class PackageTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("OcspLab.Ocsp")]
    [InlineData("OcspLab.Stapling")]
    [InlineData("OcspLab.Stapling.Kestrel")]
    [InlineData("OcspLab.Stapling.Redis")]
    [InlineData("OcspLab.Stapling.PostgreSql")]
    public async Task A_package_has_what_its_users_look_for(string name)
    {
        await PackAsync(name);
        using var package = await ZipFile.OpenReadAsync(
            _folder[$"feed/{name}.{Version}.nupkg"],
            TestContext.Current.CancellationToken
        );
        var files = package.Entries.Select(entry => entry.FullName).ToArray();
        Assert.Contains("README.md", files);
        Assert.Contains($"lib/net10.0/{name}.dll", files);
        Assert.Contains($"lib/net10.0/{name}.xml", files);

        await using var nuspec = await package
            .GetEntry($"{name}.nuspec")!
            .OpenAsync(TestContext.Current.CancellationToken);
        var metadata = (await XDocument.LoadAsync(nuspec, LoadOptions.None, TestContext.Current.CancellationToken))
            .Root!.Elements()
            .First();
        string? Value(string element) =>
            metadata.Elements().SingleOrDefault(child => child.Name.LocalName == element)?.Value;
        Assert.Equal("MIT", Value("license"));
        Assert.Equal("README.md", Value("readme"));
        Assert.Equal(
            "git",
            metadata.Elements().Single(child => child.Name.LocalName == "repository").Attribute("type")!.Value
        );
        // Ours and published ones: a package that asks for an unpublished project cannot be installed.
        Assert.All(
            metadata
                .Descendants()
                .Where(element => element.Name.LocalName == "dependency")
                .Select(element => element.Attribute("id")!.Value)
                .Where(id => id.StartsWith("OcspLab", StringComparison.Ordinal)),
            id => Assert.Contains(id, Libraries)
        );

        using var symbols = await ZipFile.OpenReadAsync(
            _folder[$"feed/{name}.{Version}.snupkg"],
            TestContext.Current.CancellationToken
        );
        Assert.Contains(symbols.Entries, entry => entry.FullName == $"lib/net10.0/{name}.pdb");
    }

    [Theory, Trait("Ring", "long"), Trait("Rule", "S2")]
    [InlineData(Compiled.JustInTime)]
    [InlineData(Compiled.AheadOfTime)]
    public async Task The_readmes_program_on_the_packages_staples_its_first_handshake(Compiled compiled)
    {
        if (compiled == Compiled.AheadOfTime && Tool.Find("clang") is null)
            Tool.Require("gcc");
        foreach (var name in Libraries)
            await PackAsync(name);
        Directory.CreateDirectory(_folder["site"]);
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages");
        await File.WriteAllTextAsync(
            _folder["site/site.csproj"],
            $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <PublishAot>{compiled == Compiled.AheadOfTime}</PublishAot>
                <InvariantGlobalization>true</InvariantGlobalization>
                <StripSymbols>false</StripSymbols>
                <!-- Whether it can be compiled and runs is what is asked, not how fast. -->
                <Optimize>false</Optimize>
                <NativeDebugSymbols>false</NativeDebugSymbols>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <RestoreAdditionalProjectSources>{_folder["feed"]}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{_folder["packages"]}</RestorePackagesPath>
                <RestoreFallbackFolders>{packages}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="OcspLab.Stapling.Kestrel" Version="{Version}" />
              </ItemGroup>
            </Project>
            """,
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            _folder["site/Program.cs"],
            ReadmeTests.Program,
            TestContext.Current.CancellationToken
        );
        await DotnetAsync("publish", _folder["site"], "-o", _folder["published"], "--ucr");

        await using var lab = await ProcessLab.StartAsync(
            [_folder["published/site"]],
            ["--Kestrel:Endpoints:Https:Certificate:Password=PASSWORD"]
        );
        Assert.Equal(StapleVerdictKind.Good, await lab.StapleAsync());
        var page = await Tool.RunAsync(
            "curl",
            "-sS",
            "--fail",
            "--cert-status",
            "--cacert",
            lab.RootFile,
            "--resolve",
            $"echocert.lab:{lab.Topology.Ports.Kestrel}:127.0.0.1",
            $"https://echocert.lab:{lab.Topology.Ports.Kestrel}/"
        );
        Assert.Matches(@"^echocert\.lab \(serial [0-9a-f]+\): Good, again at ", page.Output);
    }

    public enum Compiled
    {
        JustInTime,
        AheadOfTime,
    }

    private Task PackAsync(string name) =>
        DotnetAsync(
            "pack",
            Path.Combine(Repository.Root, "src/packages", name),
            "-c",
            Programs.Configuration,
            "--no-build",
            "-o",
            _folder["feed"],
            $"-p:PackageVersion={Version}"
        );

    private static async Task DotnetAsync(params string[] arguments)
    {
        var result = await Tool.RunAsync(
            "dotnet",
            [.. arguments, "-nodeReuse:false"],
            null,
            TestContext.Current.CancellationToken
        );
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
    }

    private const string Version = "0.1.0-test";
    private static readonly string[] Libraries = ["OcspLab.Ocsp", "OcspLab.Stapling", "OcspLab.Stapling.Kestrel"];
}
