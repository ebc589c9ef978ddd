using System.Net;
using System.Net.Sockets;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>Everything that can be wrong before a lab comes up.</summary>
public sealed class UpRefusalTests : UpBench
{
    [Fact]
    public async Task A_port_in_use_is_named_with_the_option_that_moves_it()
    {
        using var other = new TcpListener(IPAddress.Loopback, Ports.Kestrel);
        other.Start();
        await FailsAsync(69, $"Port {Ports.Kestrel} of 'kestrel' is in use", "--kestrel-port");
    }

    [Fact]
    public async Task A_broken_certificate_file_is_named()
    {
        await MakePkiAsync();
        await File.WriteAllTextAsync(
            Folder["pki/user_certs/echo/rsa_echo.crt"],
            "nonsense",
            TestContext.Current.CancellationToken
        );
        await FailsAsync(78, "pki/user_certs/echo/rsa_echo.crt is not a readable certificate");
    }

    [Fact]
    public async Task A_wrong_key_password_is_named()
    {
        await MakePkiAsync();
        await File.WriteAllTextAsync(
            Folder["pki/user_certs/echo/private/password.txt"],
            "wrong\n",
            TestContext.Current.CancellationToken
        );
        await FailsAsync(78, "rsa_echo_encrypted.key cannot be opened with the password in");
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_named()
    {
        await File.WriteAllTextAsync(Folder["file"], "", TestContext.Current.CancellationToken);
        var result = await Programs.OcspLabAsync(["up", "--lab", Folder["file/lab"], .. Options]);
        Assert.Equal(73, result.ExitCode);
        Assert.Contains("file/lab cannot be written", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nginx_cannot_be_had_the_lab_runs_without_unless_it_was_asked_for()
    {
        // A PATH with nothing but what the lab itself needs, a cache that is empty, and no apt.
        using var empty = new TempFolder();
        Assert.SkipWhen(File.Exists("/usr/sbin/nginx"), "nginx is installed: it would be found");
        string[] withoutApt = ["env", $"PATH={empty.Path}", $"XDG_CACHE_HOME={empty.Path}", DotnetPath(), Programs.Cli];
        await using (var lab = new RunningProgram([.. withoutApt, .. Arguments(), "--for", "00:00:01"]))
        {
            Assert.True(await lab.WaitAsync() == 0, lab.Error);
            Assert.Contains("Install nginx", lab.Output, StringComparison.Ordinal);
        }

        await using var asked = new RunningProgram([.. withoutApt, .. Arguments(), "--nginx", "process"]);
        Assert.Equal(69, await asked.WaitAsync());
        Assert.Contains("Install nginx", asked.Error, StringComparison.Ordinal);
    }

    private Task<ToolResult> MakePkiAsync() =>
        Programs.OcspLabAsync("pki", "init", "--lab", Folder.Path, "--responder-port", $"{Ports.Responder}");

    private async Task FailsAsync(int exitCode, params string[] parts)
    {
        var result = await Programs.OcspLabAsync(Arguments());
        Assert.True(result.ExitCode == exitCode, result.Error);
        var line = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }
}
