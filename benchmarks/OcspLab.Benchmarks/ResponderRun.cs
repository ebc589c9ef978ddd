using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Numerics;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using OcspLab.Lab;
using OcspLab.Ocsp;
using OcspLab.Responder;

namespace OcspLab.Benchmarks;

/// <summary>
/// Answers a second of the responder, of Kestrel with a constant body of the same size and headers, and of <c>openssl ocsp -multi 2</c>, each
/// asked by the same client about the same hundred certificates over loopback, one after the other.
/// </summary>
internal static class ResponderRun
{
    public static async Task<int> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("ocsplab-bench-").FullName;
        try
        {
            var topology = new LabTopology { Directory = folder, NginxSource = NginxSource.Off, Ports = new LabPorts { Dns = 5733, Responder = ResponderPort, ResponderAdmin = 8989, Nginx = 8543, Kestrel = 9543, KestrelBuiltIn = 9544 } };
            var lab = await EmbeddedLab.StartAsync(topology, TimeProvider.System, _ => { }, CancellationToken.None).ConfigureAwait(false);
            await using var _ = lab.ConfigureAwait(false);
            var questions = await RegisterAsync(topology).ConfigureAwait(false);
            var (body, headers) = await AskAsync(questions[0]).ConfigureAwait(false);
            var constant = await StartConstantAsync(body, headers).ConfigureAwait(false);
            await using var __ = constant.ConfigureAwait(false);
            using var openssl = StartOpenSsl(topology);
            try
            {
                await MeasureAsync(ResponderPort, questions, WarmUp).ConfigureAwait(false);
                await MeasureAsync(ConstantPort, questions, WarmUp).ConfigureAwait(false);
                double ours = 0, kestrel = 0;
                for (var round = 0; round < Rounds; round++)
                {
                    ours += await MeasureAsync(ResponderPort, questions, Length).ConfigureAwait(false) / Rounds;
                    kestrel += await MeasureAsync(ConstantPort, questions, Length).ConfigureAwait(false) / Rounds;
                }

                var theirs = await MeasureAsync(OpenSslPort, questions, Length).ConfigureAwait(false);
                Console.WriteLine("| RSA-2048 delegate, GET, ready answers | answers a second | ratio |");
                Console.WriteLine("|---|---|---|");
                Line("this responder", ours, "");
                Line("Kestrel, constant body", kestrel, $"{ours / kestrel:0.00} (limit {LeastOfKestrel})");
                Line("openssl ocsp -multi 2", theirs, $"{ours / theirs:0} times (limit {LeastOfOpenSsl})");
                return ours / kestrel < LeastOfKestrel || ours / theirs < LeastOfOpenSsl ? 1 : 0;
            }
            finally
            {
                openssl.Kill(entireProcessTree: true);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static void Line(string what, double rate, string ratio) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {rate:#,0} | {ratio} |"));
    }

    private static async Task<string[]> RegisterAsync(LabTopology topology)
    {
        var registry = LabRegistry.Open(topology, TimeProvider.System);
        using var issuer = X509CertificateLoader.LoadCertificateFromFile(topology.CreatePki(TimeProvider.System).Intermediate.Certificate);
        var now = TimeProvider.System.GetUtcNow();
        var index = new StringBuilder();
        var questions = new List<string>();
        for (var number = 0; number < Certificates; number++)
        {
            var serial = $"40{number:x6}";
            await registry.RegisterAsync(new RegisteredCertificate($"bench-{number}", serial, now, now.AddDays(1)), CancellationToken.None).ConfigureAwait(false);
            index.Append(CultureInfo.InvariantCulture, $"V\t{now.AddDays(30):yyMMddHHmmss}Z\t\t{serial.ToUpperInvariant()}\tunknown\t/CN=bench-{number}\n");
            var id = OcspSubject.FromSerial(BigInteger.Parse(serial, NumberStyles.HexNumber, CultureInfo.InvariantCulture), issuer).ToCertId(CertIdHash.Sha1);
            questions.Add("/" + Uri.EscapeDataString(Convert.ToBase64String(new OcspRequest { CertIds = [id] }.Encode())));
        }

        await File.WriteAllTextAsync(Path.Combine(topology.Directory, "index.txt"), index.ToString()).ConfigureAwait(false);
        return [.. questions];
    }

    private static async Task<(byte[] Body, Dictionary<string, string> Headers)> AskAsync(string question)
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{ResponderPort}{question}")).ConfigureAwait(false);
        var body = await answer.Content.ReadAsByteArrayAsync().ConfigureAwait(false);
        if (!OcspResponse.TryDecode(body, out var response, out _) || response.Basic?.Responses[0].Status.Kind != CertStatusKind.Good)
            throw new InvalidOperationException("The responder does not answer 'good': nothing was measured.");
        return (body, answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key is not ("Date" or "Content-Length" or "Transfer-Encoding")).ToDictionary(header => header.Key, header => string.Join(", ", header.Value)));
    }

    private static async Task<WebApplication> StartConstantAsync(byte[] body, Dictionary<string, string> headers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
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
        return Process.Start(new ProcessStartInfo("openssl", [
            "ocsp", "-index", Path.Combine(topology.Directory, "index.txt"), "-port", $"{OpenSslPort}", "-CA", pki.Intermediate.Certificate, "-rsigner", pki.OcspSigner.Certificate,
            "-rkey", pki.OcspSigner.Key, "-passin", $"file:{pki.OcspSigner.Password}", "-nmin", "60", "-multi", "2", "-ignore_err"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
    }

    /// <summary>Answers a second over eight connections, kept where the server keeps them.</summary>
    private static async Task<double> MeasureAsync(int port, string[] questions, TimeSpan length)
    {
        var requests = questions.Select(question => Encoding.ASCII.GetBytes($"GET {question} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")).ToArray();
        var started = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Connections).Select(worker => Task.Run(() => AskOnAsync(port, requests, worker, started, length)))).ConfigureAwait(false);
        return counts.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<int> AskOnAsync(int port, byte[][] requests, int next, long started, TimeSpan length)
    {
        var buffer = new byte[16 * 1024];
        var count = 0;
        Socket? socket = null;
        try
        {
            while (Stopwatch.GetElapsedTime(started) < length)
            {
                if (socket is null)
                {
                    socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    await socket.ConnectAsync(IPAddress.Loopback, port).ConfigureAwait(false);
                }

                await socket.SendAsync(requests[next++ % requests.Length]).ConfigureAwait(false);
                var (complete, closed) = await ReadAsync(socket, buffer).ConfigureAwait(false);
                if (complete)
                    count++;
                if (closed)
                {
                    socket.Dispose();
                    socket = null;
                }
            }

            return count;
        }
        finally
        {
            socket?.Dispose();
        }
    }

    private static async Task<(bool Complete, bool Closed)> ReadAsync(Socket socket, byte[] buffer)
    {
        var filled = 0;
        var end = -1;
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(filled)).ConfigureAwait(false);
            if (read == 0)
                return (end >= 0, true);
            filled += read;
            var head = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
            if (head < 0)
                continue;
            var text = Encoding.ASCII.GetString(buffer, 0, head);
            var at = text.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
            end = head + 4 + int.Parse(text.AsSpan(at + 16).TrimStart().ToString().Split('\r')[0], CultureInfo.InvariantCulture);
            if (filled >= end)
                return (true, text.StartsWith("HTTP/1.0", StringComparison.Ordinal));
        }
    }

    private const int ResponderPort = 8988;
    private const int ConstantPort = 8990;
    private const int OpenSslPort = 8991;
    private const int Certificates = 100;
    private const int Connections = 8;
    private const int Rounds = 4;
    private const double LeastOfKestrel = 0.8;
    private const double LeastOfOpenSsl = 20;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(3);
}
