using OcspLab.Lab.Containers;
using OcspLab.Lab.Nginx;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>
/// A container runtime with an image of nginx; without a registry the image is built from the distribution's packages.
/// </summary>
public sealed class ContainerFixture : IAsyncLifetime
{
    private static readonly Lock Building = new();
    private static Task? _keepImage;
    private string? _missing;

    /// <summary>docker or podman.</summary>
    public string Runtime { get; private set; } = "";

    /// <summary>An image of nginx.</summary>
    public string Image { get; private set; } = ContainedNginx.LocalImage;

    public async ValueTask InitializeAsync() => _missing = await FindAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Skips without a runtime, or fails where somebody has seen to it that there is one.</summary>
    public void Require()
    {
        Assert.False(
            _missing is not null && Environment.GetEnvironmentVariable("OCSPLAB_REQUIRE_CONTAINERS") is not null,
            _missing
        );
        Assert.SkipWhen(_missing is not null, _missing ?? "");
    }

    /// <summary>Builds the image of <c>keep</c>, once, out of what was built for the tests.</summary>
    public Task BuildKeepImageAsync()
    {
        lock (Building)
            return _keepImage ??= BuildAsync(Runtime);
    }

    private static async Task BuildAsync(string runtime)
    {
        var build = await Tool.RunAsync(
            "bash",
            Path.Combine(Repository.Root, "eng/keep-image/build"),
            "--runtime",
            runtime,
            "--configuration",
            Programs.Configuration,
            "--no-build"
        );
        Assert.True(build.ExitCode == 0, build.Error);
    }

    /// <summary>Removes what a test that failed may have left.</summary>
    public Task CleanAsync(string name) =>
        _missing is null
            ? ContainedNginx.RemoveAsync(ContainerRuntime.Known(Runtime, TimeProvider.System), name, Path.GetTempPath())
            : Task.CompletedTask;

    /// <summary>Runs the runtime's own command.</summary>
    public async Task<string> RunAsync(params string[] arguments) =>
        (await Tool.RunAsync(Runtime, arguments)).Output.Trim();

    private async Task<string?> FindAsync()
    {
        var (runtime, reason) = await ContainerRuntime.DetectAsync(TimeProvider.System, CancellationToken.None);
        if (runtime is null)
            return $"no container runtime: {reason}";
        Runtime = runtime.Program;
        var image = ContainedNginx.LocalImage;
        if (await runtime.HasImageAsync(ContainedNginx.OfficialImage, CancellationToken.None))
            Image = image = ContainedNginx.OfficialImage;
        else if (!await runtime.HasImageAsync(image, CancellationToken.None))
        {
            var build = await Tool.RunAsync(
                "bash",
                Path.Combine(Repository.Root, "eng/nginx-image/build"),
                "--runtime",
                Runtime
            );
            // Its last step runs the image; that is tried below, too.
            if (!await runtime.HasImageAsync(image, CancellationToken.None))
                return $"no image of nginx, and none could be built: {build.Error}";
        }

        var trial = await Tool.RunAsync(Runtime, "run", "--rm", image, "nginx", "-v");
        if (trial.ExitCode != 0 && Runtime == "podman")
        {
            // A container or a small virtual machine, say, whose limits cannot be raised.
            Environment.SetEnvironmentVariable(
                "CONTAINERS_CONF",
                Path.Combine(Repository.Root, "eng/nginx-image/containers.conf")
            );
            trial = await Tool.RunAsync(Runtime, "run", "--rm", image, "nginx", "-v");
        }

        return trial.ExitCode == 0 ? null : $"{Runtime} runs no containers here: {trial.Error}";
    }
}
