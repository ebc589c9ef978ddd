using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace OcspLab.Testing;

/// <summary>
/// A PostgreSQL server of one's own on loopback, from Debian's package; skipped by name where there is none.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ocsplab-pg-").FullName;
    private readonly string _programs;
    private readonly string[] _asUser;

    private PostgresServer(string programs, string[] asUser)
    {
        _programs = programs;
        _asUser = asUser;
        Port = FreePort.Find();
    }

    public int Port { get; }

    public string ConnectionString =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Host=127.0.0.1;Port={Port};Username=ocsplab;Database=postgres;Timeout=5;Command Timeout=5"
        );

    public static async Task<PostgresServer> StartAsync()
    {
        var programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory
                .GetDirectories("/usr/lib/postgresql")
                .Order(StringComparer.Ordinal)
                .Select(version => Path.Combine(version, "bin"))
                .LastOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
            : null;
        Assert.SkipWhen(programs is null, "PostgreSQL's server is not installed (Debian's package postgresql)");
        // It refuses to run as root; the package brings a user for it.
        var server = new PostgresServer(
            programs!,
            Environment.IsPrivilegedProcess ? [Tool.Require("runuser"), "-u", "postgres", "--"] : []
        );
        if (Environment.IsPrivilegedProcess)
            await Tool.RunAsync("chown", "postgres", server._folder);
        await server.RunAsync(
            "initdb",
            "--pgdata",
            server.Data,
            "--username",
            "ocsplab",
            "--auth",
            "trust",
            "--no-sync"
        );
        await server.ResumeAsync();
        return server;
    }

    /// <summary>Starts it again on the same data.</summary>
    public Task ResumeAsync() =>
        RunAsync(
            "pg_ctl",
            "--pgdata",
            Data,
            "--wait",
            "--log",
            Path.Combine(_folder, "log"),
            "--options",
            string.Create(CultureInfo.InvariantCulture, $"-p {Port} -h 127.0.0.1 -k {_folder} -c max_connections=300"),
            "start"
        );

    /// <summary>Ends it, and every connection to it.</summary>
    public Task StopAsync() => RunAsync("pg_ctl", "--pgdata", Data, "--mode", "immediate", "--wait", "stop");

    /// <summary>It holds its connections and does nothing more, in none of its processes.</summary>
    public void Pause() => SignalAll("STOP");

    /// <summary>It goes on.</summary>
    public void Continue() => SignalAll("CONT");

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            Continue();
            await StopAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    // Each of its processes leads a group of its own.
    private void SignalAll(string signal)
    {
        var main = int.Parse(
            File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(),
            CultureInfo.InvariantCulture
        );
        Signals.Send(signal, main);
        foreach (var child in File.ReadAllText($"/proc/{main}/task/{main}/children").Split(' ', Trimmed))
            Signals.Send(signal, int.Parse(child, CultureInfo.InvariantCulture));
    }

    private const StringSplitOptions Trimmed = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    private string Data => Path.Combine(_folder, "data");

    private async Task RunAsync(string program, params string[] arguments)
    {
        // Not through pipes: the server that pg_ctl starts would keep them open.
        string[] command = [.. _asUser, Path.Combine(_programs, program), .. arguments];
        using var process = Process.Start(
            new ProcessStartInfo(command[0], command.Skip(1)) { WorkingDirectory = "/", UseShellExecute = false }
        )!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}");
    }
}
