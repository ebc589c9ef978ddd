using System.Diagnostics;
using OcspLab.Comparison.Measurements;
using OcspLab.Lab;
using OcspLab.Lab.Topology;
using OcspLab.Pki;
using OcspLab.Probe;

namespace OcspLab.Benchmarks;

/// <summary>The lab's sample site as a process of its own, beside a lab on ports of its own.</summary>
internal static class SiteProcess
{
    public static LabTopology Topology(string folder) =>
        new()
        {
            Directory = folder,
            NginxSource = NginxSource.Off,
            // The measurements are of RSA, whose keys take seconds to make.
            KeyAlgorithm = Effort.IsQuick ? KeyAlgorithm.Ecdsa : KeyAlgorithm.Rsa,
            Ports = new LabPorts
            {
                Dns = 5733,
                Responder = 8988,
                ResponderAdmin = 8989,
                Nginx = 8543,
                Kestrel = 9543,
                KestrelBuiltIn = 9544,
            },
        };

    public static Process Start(
        LabTopology topology,
        int port,
        string[] settings,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        var site = Path.Combine(AppContext.BaseDirectory, "OcspLab.Site.dll");
        var arguments = topology
            .SettingsOf(LabTopology.Kestrel)
            .Select(setting =>
                setting.Key.EndsWith(":Url", StringComparison.Ordinal)
                    ? $"--{setting.Key}=https://127.0.0.1:{port}"
                    : $"--{setting.Key}={setting.Value}"
            );
        var start = new ProcessStartInfo(
            "dotnet",
            [
                site,
                .. arguments,
                "--Logging:LogLevel:Default=Warning",
                $"--OcspStapling:StorageDirectory={Path.Combine(topology.Directory, $"{port}")}",
                .. settings,
            ]
        )
        {
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Waits until a site's handshakes have a staple: half a minute at most.</summary>
    public static async Task UntilStapledAsync(int port)
    {
        using var client = new OpenSslClient(port, LabTopology.SiteHost, TlsVersion.Tls13);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (client.Connect().Staple is not null)
                    return;
            }
            catch (LabException) when (attempt < MostAttempts)
            {
                // Not yet.
            }

            if (attempt >= MostAttempts)
                throw new BenchmarkException("There was no staple within half a minute: nothing was measured.");
            await Task.Delay(100).ConfigureAwait(false);
        }
    }

    private const int MostAttempts = 300;
}
