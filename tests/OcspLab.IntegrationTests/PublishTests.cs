using OcspLab.Lab.Nginx;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary><c>ocsplab responder publish</c>: answers as files, served by nginx and read by openssl.</summary>
public sealed class PublishTests : IAsyncLifetime
{
    private readonly int _port = Programs.FreePorts().Ports.Nginx;
    private readonly OpenSslAuthority _authority;
    private readonly TempFolder _folder;

    public PublishTests()
    {
        _authority = new OpenSslAuthority($"http://127.0.0.1:{_port}/");
        _folder = _authority.Folder;
    }

    public async ValueTask InitializeAsync()
    {
        await _authority.CreateAsync();
        await _authority.RevokeAsync("bad", "keyCompromise");
    }

    [Fact]
    public async Task Nginx_serves_what_is_published_once_and_openssl_believes_it()
    {
        var published = await PublishAsync("--once");
        Assert.True(published.ExitCode == 0, published.Output + published.Error);
        Assert.Contains("3 answers in ", published.Output, StringComparison.Ordinal);
        await using var nginx = await StartNginxAsync();
        Assert.Equal("good", await AskAsync("good"));
        Assert.Equal("revoked", await AskAsync("bad"));

        var headers = (await GetAsync("good")).Output;
        Assert.Contains("Content-Type: application/ocsp-response", headers, StringComparison.Ordinal);
        Assert.Matches("Cache-Control: max-age=4[23][0-9]{3}\\b", headers);
        // What has no file, and a POST, is answered in OCSP: unauthorized.
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}/") };
        using var nobody = await http.GetAsync(new Uri("MEQ", UriKind.Relative), TestContext.Current.CancellationToken);
        using var body = new ByteArrayContent([0x30, 0x00]);
        using var posted = await http.PostAsync((Uri?)null, body, TestContext.Current.CancellationToken);
        foreach (var refused in new[] { nobody, posted })
            Assert.Equal(
                "30030a0106",
                Convert.ToHexStringLower(
                    await refused.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)
                )
            );

        // Nothing is due: the files stay as they are, but for what has changed.
        var before = await File.ReadAllBytesAsync(FileOf("good"), TestContext.Current.CancellationToken);
        await _authority.RevokeAsync("ocsp", "superseded");
        Assert.Equal(0, (await PublishAsync("--once")).ExitCode);
        Assert.Equal(before, await File.ReadAllBytesAsync(FileOf("good"), TestContext.Current.CancellationToken));
        Assert.Equal("revoked", await AskAsync("ocsp"));
    }

    [Fact]
    public async Task A_revocation_is_published_while_it_runs_and_ctrl_c_ends_it()
    {
        await using var publisher = new RunningProgram(["dotnet", Programs.Cli, .. Arguments()]);
        await Poll.UntilAsync(
            () => publisher.HasExited || publisher.Output.Contains("is due at", StringComparison.Ordinal),
            "the first answers"
        );
        await using var nginx = await StartNginxAsync();
        Assert.Equal("good", await AskAsync("good"));
        await _authority.RevokeAsync("good", "superseded");
        // The old answer goes before the new one is signed: in between the question may have no file.
        string? answer = null;
        await Poll.UntilAsync(async () => (answer = await AskAsync("good")) != "good", "the old answer is gone");
        await Poll.UntilAsync(
            async () => answer != "unauthorized" || (answer = await AskAsync("good")) != "unauthorized",
            "the new answer"
        );
        Assert.Equal("revoked", answer);
        publisher.Interrupt();
        Assert.Equal(0, await publisher.WaitAsync());
    }

    [Fact]
    public async Task A_list_that_is_empty_all_of_a_sudden_deletes_nothing()
    {
        Assert.Equal(0, (await PublishAsync("--once")).ExitCode);
        await File.WriteAllTextAsync(_folder["index.txt"], "", TestContext.Current.CancellationToken);
        var refused = await PublishAsync("--once");
        Assert.Equal(78, refused.ExitCode);
        Assert.Contains("lists nothing, and there are answers in", refused.Error, StringComparison.Ordinal);
        Assert.Equal(3, Directory.GetFiles(_folder["out/answers"], "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task Without_a_signer_that_is_believed_nothing_is_published()
    {
        var refused = await Tool.RunInAsync(
            _folder.Path,
            "dotnet",
            Programs.Cli,
            "responder",
            "publish",
            "out",
            "--once",
            "--index",
            "index.txt",
            "--ca",
            "ca.pem",
            "--rsigner",
            "good.pem",
            "--rkey",
            "good.key"
        );
        Assert.Equal(78, refused.ExitCode);
        Assert.Contains("signer_without_ocsp_signing", refused.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder["out/answers"], "*", SearchOption.AllDirectories));
    }

    public ValueTask DisposeAsync()
    {
        _authority.Dispose();
        return ValueTask.CompletedTask;
    }

    private string[] Arguments() =>
        [
            "responder",
            "publish",
            _folder["out"],
            "--index",
            _folder["index.txt"],
            "--ca",
            _folder["ca.pem"],
            "--rsigner",
            _folder["ocsp.pem"],
            "--rkey",
            _folder["ocsp.key"],
        ];

    private Task<ToolResult> PublishAsync(params string[] more) =>
        Tool.RunAsync("dotnet", [Programs.Cli, .. Arguments(), .. more], null, TestContext.Current.CancellationToken);

    private async Task<RunningProgram> StartNginxAsync()
    {
        var nginxes = new NginxLocator(NginxLocator.DefaultCacheDirectory, _ => { });
        var search = await nginxes.LocateAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(search.Binary is null, search.Reason);
        await File.WriteAllTextAsync(
            _folder["server.conf"],
            $$"""
            daemon off;
            user root;
            pid {{_folder["nginx.pid"]}};
            error_log {{_folder["error.log"]}};
            events { }
            http {
                access_log off;
                client_body_temp_path {{_folder["temp"]}};
                proxy_temp_path {{_folder["temp"]}};
                fastcgi_temp_path {{_folder["temp"]}};
                uwsgi_temp_path {{_folder["temp"]}};
                scgi_temp_path {{_folder["temp"]}};
                server {
                    listen 127.0.0.1:{{_port}};
                    include {{_folder["out/nginx.conf"]}};
                }
            }
            """,
            TestContext.Current.CancellationToken
        );
        Directory.CreateDirectory(_folder["temp"]);
        var nginx = new RunningProgram(search.Binary.Path, "-c", _folder["server.conf"], "-e", _folder["error.log"]);
        await Poll.UntilAsync(
            async () =>
            {
                Assert.False(nginx.HasExited, nginx.Output + nginx.Error);
                return (await Tool.RunAsync("curl", "-sS", $"http://127.0.0.1:{_port}/")).ExitCode == 0;
            },
            "nginx answers"
        );
        return nginx;
    }

    private string PathOf(string name) => Convert.ToBase64String(File.ReadAllBytes(_folder[$"{name}.request"]));

    private string FileOf(string name) => Path.Combine(_folder["out/answers"], PathOf(name));

    /// <summary>What openssl makes of the answer that a GET brings: a status, or an error of the responder.</summary>
    private async Task<string> AskAsync(string name)
    {
        await _authority.OpenSslAsync($"ocsp -issuer ca.pem -cert {name}.pem -no_nonce -reqout {name}.request");
        var got = await GetAsync(name);
        Assert.True(got.ExitCode == 0, got.Error);
        var read = await Tool.RunInAsync(
            _folder.Path,
            "openssl",
            "ocsp",
            "-issuer",
            "ca.pem",
            "-cert",
            $"{name}.pem",
            "-respin",
            $"{name}.response",
            "-CAfile",
            "ca.pem",
            "-no_nonce"
        );
        if (read.Output.StartsWith("Responder Error: unauthorized", StringComparison.Ordinal))
            return "unauthorized";
        Assert.Contains("Response verify OK", read.Error, StringComparison.Ordinal);
        return read.Output.Split('\n')[0].Split(": ")[1].Trim();
    }

    private Task<ToolResult> GetAsync(string name) =>
        Tool.RunInAsync(
            _folder.Path,
            "curl",
            "-sSf",
            "-D",
            "-",
            "-o",
            $"{name}.response",
            $"http://127.0.0.1:{_port}/{Uri.EscapeDataString(PathOf(name))}"
        );
}
