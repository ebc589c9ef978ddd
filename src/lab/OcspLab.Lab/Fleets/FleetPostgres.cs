using System.Globalization;
using System.Security.Cryptography;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.Lab.Fleets;

/// <summary>PostgreSQL for a fleet's responders: a cluster of its own in a folder.</summary>
internal static class FleetPostgres
{
    /// <summary>Makes the cluster.</summary>
    /// <param name="folder">Where it runs; its data is in a folder there that is its own.</param>
    /// <param name="port">Its port on loopback.</param>
    /// <param name="passwords">Where its password is put, for its clients alone.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The server, to be started.</returns>
    /// <exception cref="LabException">It cannot be made.</exception>
    public static async Task<FleetPart> PrepareAsync(
        string folder,
        int port,
        string passwords,
        CancellationToken cancellationToken
    )
    {
        var programs = FleetPrograms.PostgresFolder ?? throw new LabException(FleetPrograms.Missing!);
        var own = Directory.CreateDirectory(Path.Combine(folder, "own")).FullName;
        var data = Path.Combine(own, "data");
        var password = RandomNumberGenerator.GetHexString(32, lowercase: true);
        PrivateFile.WriteSecret(passwords, $"127.0.0.1:{port}:*:ocsplab:{password}\n");
        var first = Path.Combine(own, "password");
        PrivateFile.WriteSecret(first, password);
        // It refuses to run as root; Debian's package brings a user for it. setpriv becomes the server itself, so that
        // a signal reaches it. Root writes into no folder of that user's afterwards.
        string[] asUser = Environment.IsPrivilegedProcess
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
            : [];
        if (Environment.IsPrivilegedProcess)
            await RunAsync(["chown", "-R", "postgres", own], cancellationToken).ConfigureAwait(false);
        await RunAsync(
                [
                    .. asUser,
                    Path.Combine(programs, "initdb"),
                    "--pgdata",
                    data,
                    "--username",
                    "ocsplab",
                    "--auth",
                    "scram-sha-256",
                    "--pwfile",
                    first,
                    "--no-sync",
                ],
                cancellationToken
            )
            .ConfigureAwait(false);
        File.Delete(first);
        string[] command =
        [
            .. asUser,
            Path.Combine(programs, "postgres"),
            "-D",
            data,
            "-p",
            port.ToString(CultureInfo.InvariantCulture),
            "-h",
            "127.0.0.1",
            "-k",
            own,
        ];
        // After a crash it takes connections before it takes questions.
        string[] readiness = [Path.Combine(programs, "pg_isready"), "--host=127.0.0.1", $"--port={port}"];
        return new FleetPart(LabTopology.Postgres, command, port, folder, readiness);
    }

    private static async Task RunAsync(string[] command, CancellationToken cancellationToken)
    {
        var result = await ChildProcess
            .RunAsync(command[0], command.Skip(1), "/", cancellationToken)
            .ConfigureAwait(false);
        if (result.ExitCode != 0)
            throw new LabException(
                $"{string.Join(' ', command)} failed: {result.Error.Trim().Split('\n')[^1]}",
                LabFailure.Configuration
            );
    }
}
