using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Topology;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;

namespace OcspLab.Benchmarks;

/// <summary>A lab's authority with registered certificates, and its responder as a process.</summary>
internal sealed class BenchResponder : IDisposable
{
    private BenchResponder(LabTopology topology, IReadOnlyList<CertId> ids) => (Topology, Ids) = (topology, ids);

    public LabTopology Topology { get; }

    /// <summary>Questions about all of the certificates.</summary>
    public IReadOnlyList<CertId> Ids { get; }

    public string Folder => Topology.Directory;

    public static async Task<BenchResponder> CreateAsync(int port, int certificates)
    {
        var topology = new LabTopology
        {
            Directory = Directory.CreateTempSubdirectory("ocsplab-bench-").FullName,
            NginxSource = NginxSource.Off,
            Ports = new LabPorts
            {
                Dns = 5733,
                Responder = port,
                ResponderAdmin = 8989,
                Nginx = 8543,
                Kestrel = 9543,
                KestrelBuiltIn = 9544,
            },
        };
        topology.CreatePki(TimeProvider.System).Ensure();
        return new BenchResponder(topology, await RegisterAsync(topology, certificates).ConfigureAwait(false));
    }

    /// <summary>A process of its own, as it is deployed: no journal, no faults.</summary>
    /// <param name="settings">Settings besides, below <c>Responder</c>.</param>
    public Process Start(params string[] settings)
    {
        // One source only.
        var inPostgres = settings.Any(setting => setting.Contains(":PostgreSql=", StringComparison.Ordinal));
        var own = Topology
            .SettingsOf(LabTopology.Responder)
            .Where(setting => !inPostgres || !setting.Key.EndsWith(":Database", StringComparison.Ordinal))
            .Where(setting =>
                !setting.Key.Contains("Fault", StringComparison.Ordinal)
                && !setting.Key.EndsWith("Journal", StringComparison.Ordinal)
            );
        return Process.Start(
            new ProcessStartInfo(
                "dotnet",
                [
                    typeof(ResponderOptions).Assembly.Location,
                    .. own.Select(setting => $"--{setting.Key}={setting.Value}"),
                    .. settings.Select(setting => $"--{ResponderOptions.Section}:{setting}"),
                    "--Logging:LogLevel:Default=Warning",
                ]
            )
            {
                RedirectStandardOutput = true,
            }
        )!;
    }

    /// <summary>A first answer, once there is one; nothing is measured that does not say good.</summary>
    public static async Task<(byte[] Body, Dictionary<string, string> Headers)> AskAsync(
        int port,
        string question,
        byte[]? request = null
    )
    {
        using var http = new HttpClient();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var message = new HttpRequestMessage(
                    request is null ? HttpMethod.Get : HttpMethod.Post,
                    new Uri($"http://127.0.0.1:{port}{question}")
                );
                if (request is not null)
                    message.Content = new ByteArrayContent(request)
                    {
                        Headers = { ContentType = new("application/ocsp-request") },
                    };
                using var answer = await http.SendAsync(message).ConfigureAwait(false);
                var body = await answer.Content.ReadAsByteArrayAsync().ConfigureAwait(false);
                if (
                    !OcspResponse.TryDecode(body, out var response, out var _)
                    || response.Basic?.Responses[0].Status.Kind != CertStatusKind.Good
                )
                    throw new BenchmarkException($"Port {port} does not answer 'good': nothing was measured.");
                return (
                    body,
                    answer
                        .Headers.Concat(answer.Content.Headers)
                        .Where(header => header.Key is not ("Date" or "Content-Length" or "Transfer-Encoding"))
                        .ToDictionary(header => header.Key, header => string.Join(", ", header.Value))
                );
            }
            catch (HttpRequestException) when (attempt < 100)
            {
                await Task.Delay(100).ConfigureAwait(false);
            }
        }
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static async Task<IReadOnlyList<CertId>> RegisterAsync(LabTopology topology, int certificates)
    {
        var registry = LabRegistry.Open(topology, TimeProvider.System);
        using var issuer = X509CertificateLoader.LoadCertificateFromFile(
            topology.CreatePki(TimeProvider.System).Intermediate.Certificate
        );
        var now = TimeProvider.System.GetUtcNow();
        var index = new StringBuilder();
        var ids = new List<CertId>();
        for (var number = 0; number < certificates; number++)
        {
            var serial = $"40{number:x6}";
            await registry
                .RegisterAsync(
                    new RegisteredCertificate($"bench-{number}", serial, now, now.AddDays(1)),
                    CancellationToken.None
                )
                .ConfigureAwait(false);
            index.Append(
                CultureInfo.InvariantCulture,
                $"V\t{now.AddDays(30):yyMMddHHmmss}Z\t\t{serial.ToUpperInvariant()}\tunknown\t/CN=bench-{number}\n"
            );
            ids.Add(
                OcspSubject
                    .FromSerial(BigInteger.Parse(serial, NumberStyles.HexNumber, CultureInfo.InvariantCulture), issuer)
                    .ToCertId(CertIdHash.Sha1)
            );
        }

        await File.WriteAllTextAsync(Path.Combine(topology.Directory, "index.txt"), index.ToString())
            .ConfigureAwait(false);
        return ids;
    }
}
