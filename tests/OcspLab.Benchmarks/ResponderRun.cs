using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using OcspLab.Lab.Topology;
using OcspLab.Ocsp.Requests;

namespace OcspLab.Benchmarks;

/// <summary>
/// Answers a second: of the responder, of Kestrel with a constant body of the same size and headers, of nginx with the
/// same answers as files, of <c>cfssl ocspserve</c> with the same answers, and of <c>openssl ocsp -multi 2</c>; ready
/// ones and, with nonces, signed for each who asks. All asked by the same client over loopback, by turns.
/// </summary>
internal static class ResponderRun
{
    public static async Task<bool> RunAsync()
    {
        using var bench = await BenchResponder.CreateAsync(ResponderPort, Certificates).ConfigureAwait(false);
        using var responder = bench.Start(
            "Authorities:intermediate:Presign=Listed",
            $"AnswerFolder={Path.Combine(bench.Folder, "answers")}"
        );
        try
        {
            return await CompareAsync(bench).ConfigureAwait(false);
        }
        finally
        {
            responder.Kill(entireProcessTree: true);
        }
    }

    private static async Task<bool> CompareAsync(BenchResponder bench)
    {
        var (folder, ids) = (bench.Folder, bench.Ids);
        var paths = ids.Select(id =>
                "/" + Uri.EscapeDataString(Convert.ToBase64String(new OcspRequest { CertIds = [id] }.Encode()))
            )
            .ToArray();
        var ready = new Wrk(folder, "ready", "GET", paths);
        var posted = new Wrk(
            folder,
            "posted",
            "POST",
            ids.Select(id => Convert.ToHexString(new OcspRequest { CertIds = [id] }.Encode()))
        );
        var live = new Wrk(
            folder,
            "live",
            "POST",
            ids.Select(id =>
                Convert.ToHexString(
                    new OcspRequest { CertIds = [id], Nonce = RandomNumberGenerator.GetBytes(32) }.Encode()
                )
            )
        );
        var (body, headers) = await BenchResponder.AskAsync(ResponderPort, paths[0]).ConfigureAwait(false);
        var constant = await StartConstantAsync(body, headers).ConfigureAwait(false);
        await using var _ = constant.ConfigureAwait(false);
        using var openssl = StartOpenSsl(bench.Topology);
        using var nginx = StartNginx(folder);
        Process? cfssl = null;
        try
        {
            cfssl = await StartCfsslAsync(folder, paths).ConfigureAwait(false);
            await BenchResponder.AskAsync(OpenSslPort, paths[0]).ConfigureAwait(false);
            // By POST: its GET takes the plus signs of base64 for blanks.
            await BenchResponder
                .AskAsync(CfsslPort, "/", new OcspRequest { CertIds = [ids[0]] }.Encode())
                .ConfigureAwait(false);
            foreach (var path in nginx is null ? [] : paths)
                await BenchResponder.AskAsync(NginxPort, path).ConfigureAwait(false);
            foreach (var port in (ReadOnlySpan<int>)[ResponderPort, ConstantPort])
                ready.Measure(port, WarmUp);
            posted.Measure(ResponderPort, WarmUp);
            double ours = 0,
                oursPosted = 0,
                kestrel = 0,
                nginxes = 0,
                cfssls = 0;
            for (var round = 0; round < Rounds; round++)
            {
                ours += ready.Measure(ResponderPort, Length) / Rounds;
                kestrel += ready.Measure(ConstantPort, Length) / Rounds;
                nginxes += nginx is null ? 0 : ready.Measure(NginxPort, Length) / Rounds;
                oursPosted += posted.Measure(ResponderPort, Length) / Rounds;
                cfssls += posted.Measure(CfsslPort, Length) / Rounds;
            }

            var openssls = ready.Measure(OpenSslPort, Length);
            live.Measure(ResponderPort, WarmUp);
            double signing = 0,
                bare = 0;
            for (var round = 0; round < Rounds; round++)
            {
                signing += live.Measure(ResponderPort, Length) / Rounds;
                bare += 1 / OpenSslSpeed.Measure("rsa2048", Environment.ProcessorCount).Sign.TotalSeconds / Rounds;
            }

            Console.WriteLine("| RSA-2048 delegate | answers a second | ratio |");
            Console.WriteLine("|---|---|---|");
            Line("ready answers, GET: this responder", ours, "");
            Line("Kestrel, constant body", kestrel, $"{ours / kestrel:0.00} (limit {LeastOfKestrel})");
            if (nginx is not null)
                Line("nginx, the same answers as files", nginxes, $"{ours / nginxes:0.00}");
            Line("openssl ocsp -multi 2", openssls, $"{ours / openssls:0} times (limit {LeastOfOpenSsl})");
            Line("ready answers, POST: this responder", oursPosted, "");
            Line("cfssl ocspserve", cfssls, $"{oursPosted / cfssls:0.0} times (limit {LeastOfCfssl})");
            Line("signed one by one, POST with a nonce: this responder", signing, "");
            Line(
                $"openssl speed -multi {Environment.ProcessorCount} rsa2048, bare signatures",
                bare,
                $"{signing / bare:0.00} (limit {LeastOfSpeed})"
            );
            return ours / kestrel >= LeastOfKestrel
                && ours / openssls >= LeastOfOpenSsl
                && oursPosted / cfssls >= LeastOfCfssl
                && signing / bare >= LeastOfSpeed;
        }
        finally
        {
            openssl.Kill(entireProcessTree: true);
            nginx?.Kill(entireProcessTree: true);
            cfssl?.Kill(entireProcessTree: true);
            cfssl?.Dispose();
        }

        static void Line(string what, double rate, string ratio) =>
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {rate:#,0} | {ratio} |"));
    }

    private static Process? StartNginx(string folder)
    {
        var configuration = Path.Combine(folder, "nginx.conf");
        var temporary = Directory.CreateDirectory(Path.Combine(folder, "temp")).FullName;
        File.WriteAllText(
            configuration,
            $$"""
            daemon off;
            user root;
            worker_processes {{Environment.ProcessorCount}};
            pid {{folder}}/nginx.pid;
            events { }
            http {
                access_log off;
                sendfile on;
                open_file_cache max=1000;
                keepalive_requests 1000000;
                client_body_temp_path {{temporary}};
                proxy_temp_path {{temporary}};
                fastcgi_temp_path {{temporary}};
                uwsgi_temp_path {{temporary}};
                scgi_temp_path {{temporary}};
                server {
                    listen 127.0.0.1:{{NginxPort}};
                    location / {
                        root {{folder}}/answers;
                        types { }
                        default_type application/ocsp-response;
                        expires modified 43200s;
                        add_header Cache-Control "public, no-transform, must-revalidate";
                    }
                }
            }
            """
        );
        try
        {
            return Process.Start(
                new ProcessStartInfo("nginx", ["-c", configuration, "-e", Path.Combine(folder, "error.log")])
            );
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Console.WriteLine("nginx is not installed; it is left out.");
            return null;
        }
    }

    private static async Task<Process> StartCfsslAsync(string folder, string[] paths)
    {
        var answers = new List<string>();
        foreach (var path in paths)
            answers.Add(
                Convert.ToBase64String((await BenchResponder.AskAsync(ResponderPort, path).ConfigureAwait(false)).Body)
            );
        var file = Path.Combine(folder, "responses.txt");
        await File.WriteAllLinesAsync(file, answers).ConfigureAwait(false);
        try
        {
            return Process.Start(
                new ProcessStartInfo(
                    "cfssl",
                    [
                        "ocspserve",
                        "-address",
                        "127.0.0.1",
                        "-port",
                        $"{CfsslPort}",
                        "-responses",
                        file,
                        "-loglevel",
                        "5",
                    ]
                )
                {
                    RedirectStandardError = true,
                    RedirectStandardOutput = true,
                }
            )!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new MissingProgramException(
                $"cfssl (Debian's package golang-cfssl) cannot be run: {exception.Message}",
                exception
            );
        }
    }

    private static async Task<WebApplication> StartConstantAsync(byte[] body, Dictionary<string, string> headers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Listen(IPAddress.Loopback, ConstantPort);
            });
        var application = builder.Build();
        application.Run(context =>
        {
            foreach (var (name, value) in headers)
                context.Response.Headers[name] = value;
            context.Response.ContentLength = body.Length;
            return context.Response.Body.WriteAsync(body).AsTask();
        });
        await application.StartAsync().ConfigureAwait(false);
        return application;
    }

    private static Process StartOpenSsl(LabTopology topology)
    {
        var pki = topology.CreatePki(TimeProvider.System);
        return Process.Start(
            new ProcessStartInfo(
                "openssl",
                [
                    "ocsp",
                    "-index",
                    Path.Combine(topology.Directory, "index.txt"),
                    "-port",
                    $"{OpenSslPort}",
                    "-CA",
                    pki.Intermediate.Certificate,
                    "-rsigner",
                    pki.OcspSigner.Certificate,
                    "-rkey",
                    pki.OcspSigner.Key,
                    "-passin",
                    $"file:{pki.OcspSigner.Password}",
                    "-nmin",
                    "60",
                    "-multi",
                    "2",
                    "-ignore_err",
                ]
            )
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            }
        )!;
    }

    private const int ResponderPort = 8988;
    private const int ConstantPort = 8990;
    private const int OpenSslPort = 8991;
    private const int CfsslPort = 8992;
    private const int NginxPort = 8993;
    private const int Certificates = 100;
    private static int Rounds => Effort.Of(3, quick: 1);
    private const double LeastOfKestrel = 0.8;
    private const double LeastOfCfssl = 2;
    private const double LeastOfOpenSsl = 20;
    private const double LeastOfSpeed = 0.6;

    // Seconds.
    private static int WarmUp => Effort.Of(3, quick: 1);
    private static int Length => Effort.Of(4, quick: 1);
}
