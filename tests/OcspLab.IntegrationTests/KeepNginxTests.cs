using OcspLab.Lab.Nginx;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary><c>ocsplab keep</c> beside nginx.</summary>
public sealed class KeepNginxTests : KeepBench
{
    [Fact, Trait("Rule", "S7")]
    public async Task Nginx_staples_from_its_first_handshake_through_outage_and_restarts_and_tells_of_a_revocation()
    {
        var nginxPath = await FindNginxAsync();
        await WriteSettingsAsync(nginxPath);
        await using (await RespondAsync("--nmin", "1"))
        {
            await using (var keep = Keep())
            {
                await GivenAsync(keep);
                await using var nginx = await StartNginxAsync(nginxPath);
                Assert.Equal("good", await FirstHandshakeAsync());
            }
        }

        // The responder is away; all else begins anew.
        await using (var keep = Keep())
        {
            await using var nginx = await StartNginxAsync(nginxPath);
            Assert.Equal("good", await FirstHandshakeAsync());
            await using (await RespondAsync("--nmin", "1"))
            {
                await Authority.RevokeAsync("good", "keyCompromise");
                await Poll.UntilAsync(async () => await FirstHandshakeAsync() == "revoked", "the revocation", 90);
            }

            Assert.Contains("is revoked", keep.Output, StringComparison.Ordinal);
            keep.Interrupt();
            Assert.Equal(0, await keep.WaitAsync());
        }
    }

    [Fact, Trait("Ring", "long")]
    public async Task Before_a_staple_expires_it_is_taken_away_and_nginx_goes_on_and_starts_without()
    {
        var nginxPath = await FindNginxAsync();
        await WriteSettingsAsync(nginxPath);
        await using var keep = Keep();
        await using (await RespondAsync("--nmin", "1"))
            await GivenAsync(keep);
        await using (var nginx = await StartNginxAsync(nginxPath))
        {
            Assert.Equal("good", await FirstHandshakeAsync());
            await Poll.UntilAsync(async () => await FirstHandshakeAsync() == "none", "the end of the staple", 90);
            Assert.False(File.Exists(Folder["staple.der"]));
        }

        await using var again = await StartNginxAsync(nginxPath);
        Assert.Equal("none", await FirstHandshakeAsync());
    }

    [Fact, Trait("Rule", "S42")]
    public async Task A_certificate_that_is_renewed_under_it_costs_no_handshake_its_staple_and_none_gets_a_wrong_one()
    {
        var nginxPath = await FindNginxAsync();
        await WriteSettingsAsync(nginxPath);
        await using var responder = await RespondAsync("--ndays", "1");
        await using var keep = Keep();
        await GivenAsync(keep);
        await using var nginx = await StartNginxAsync(nginxPath);
        // A reload that is under way for another reason reads whatever there is at that moment.
        await Poll.UntilAsync(() => keep.Output.Contains("reloaded: ", StringComparison.Ordinal), "the first reload");
        await Authority.IssueAsync("renewed", "site");
        var former = await SerialAsync();
        await PutInForceAsync("renewed");
        await Poll.UntilAsync(
            async () =>
            {
                Assert.Equal("good", await FirstHandshakeAsync());
                return await SerialAsync() != former;
            },
            "the new certificate"
        );
        Assert.Equal("good", await FirstHandshakeAsync());
        Assert.Contains("was renewed", keep.Output, StringComparison.Ordinal);
    }

    private Task WriteSettingsAsync(string nginx)
    {
        var command = $"'{nginx}' -c '{Folder["server.conf"]}' -e '{Folder["error.log"]}'";
        return WriteJsonAsync(
            $$"""
            { "Certificate": "{{Folder["fullchain.pem"]}}", "StapleFile": "{{Folder["staple.der"]}}",
              "NginxInclude": "{{Folder["staple.conf"]}}" }
            """,
            $"""
            "Test": "test ! -f {Folder["nginx.pid"]} || {command} -t -q",
            "Reload": "test ! -f {Folder["nginx.pid"]} || {command} -s reload",
            """
        );
    }

    private async Task GivenAsync(RunningProgram keep) =>
        await Poll.UntilAsync(
            () =>
            {
                Assert.False(keep.HasExited, keep.Output + keep.Error);
                return File.Exists(Folder["staple.der"])
                    && File.Exists(Folder["staple.conf"])
                    && File.ReadAllText(Folder["staple.conf"]).Contains("ssl_stapling on", StringComparison.Ordinal);
            },
            "the first staple"
        );

    private static async Task<string> FindNginxAsync()
    {
        var search = await new NginxLocator(NginxLocator.DefaultCacheDirectory, _ => { }).LocateAsync(
            TestContext.Current.CancellationToken
        );
        Assert.SkipWhen(search.Binary is null, search.Reason);
        return search.Binary.Path;
    }

    private async Task<RunningProgram> StartNginxAsync(string path)
    {
        Directory.CreateDirectory(Folder["temp"]);
        await File.WriteAllTextAsync(
            Folder["server.conf"],
            $$"""
            daemon off;
            user root;
            worker_processes 1;
            pid {{Folder["nginx.pid"]}};
            error_log {{Folder["error.log"]}};
            events { }
            http {
                access_log off;
                client_body_temp_path {{Folder["temp"]}};
                proxy_temp_path {{Folder["temp"]}};
                fastcgi_temp_path {{Folder["temp"]}};
                uwsgi_temp_path {{Folder["temp"]}};
                scgi_temp_path {{Folder["temp"]}};
                {{Snippet("nginx")}}
            }
            """,
            TestContext.Current.CancellationToken
        );
        var nginx = new RunningProgram(path, "-c", Folder["server.conf"], "-e", Folder["error.log"]);
        await Poll.UntilAsync(
            () =>
            {
                Assert.False(nginx.HasExited, nginx.Output + nginx.Error);
                return File.Exists(Folder["nginx.pid"]);
            },
            "nginx runs"
        );
        return nginx;
    }
}
