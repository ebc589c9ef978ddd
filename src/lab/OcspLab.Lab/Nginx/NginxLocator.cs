using System.ComponentModel;
using OcspLab.Lab.Processes;

namespace OcspLab.Lab.Nginx;

/// <summary>
/// Finds nginx on PATH, or unpacks the distribution's package into the user's cache without installing it: the single
/// package is enough on Debian and Ubuntu, and neither root nor a running service is needed.
/// </summary>
public sealed class NginxLocator(string cacheDirectory, Action<string> progress)
{
    /// <summary><c>$XDG_CACHE_HOME/ocsplab</c>, or the platform's equivalent.</summary>
    public static string DefaultCacheDirectory =>
        Path.Combine(
            Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
                ? cache
                : Path.Combine(
                    Environment.GetFolderPath(
                        Environment.SpecialFolder.UserProfile,
                        Environment.SpecialFolderOption.DoNotVerify
                    ),
                    ".cache"
                ),
            "ocsplab"
        );

    /// <summary>The program, or null and the reason.</summary>
    public async Task<NginxSearch> LocateAsync(CancellationToken cancellationToken)
    {
        if (FindWithoutDownload() is { } found)
            return new NginxSearch(found, found.Origin);
        if (ChildProcess.Find("apt-get") is not { } aptGet || ChildProcess.Find("dpkg-deb") is not { } dpkgDeb)
            return new NginxSearch(null, NotHere);
        try
        {
            return await UnpackAsync(aptGet, dpkgDeb, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or Win32Exception)
        {
            return new NginxSearch(
                null,
                $"nginx is not installed, and its package could not be unpacked into {cacheDirectory}: "
                    + $"{exception.Message}"
            );
        }
    }

    /// <summary>What is there already: on PATH, or unpacked before.</summary>
    public NginxBinary? FindWithoutDownload()
    {
        if (ChildProcess.Find("nginx") is { } installed)
            return new NginxBinary(installed, "installed");
        return File.Exists(Unpacked) ? new NginxBinary(Unpacked, "the distribution's package, unpacked") : null;
    }

    private string Unpacked => Path.Combine(cacheDirectory, "nginx", "usr", "sbin", "nginx");

    private async Task<NginxSearch> UnpackAsync(string aptGet, string dpkgDeb, CancellationToken cancellationToken)
    {
        progress("nginx is not installed: fetching the distribution's package (once, a few seconds)");
        Directory.CreateDirectory(cacheDirectory);
        var work = Directory.CreateDirectory(Path.Combine(cacheDirectory, $"apt-{Guid.NewGuid():N}"));
        try
        {
            // Lists and cache of its own: no root, no lock of the system's, and no hook that deletes what was
            // downloaded.
            var lists = work.CreateSubdirectory("lists").CreateSubdirectory("partial").Parent!.FullName;
            var archives = work.CreateSubdirectory("archives").CreateSubdirectory("partial").Parent!.FullName;
            string[] own =
            [
                "-qq",
                "-o",
                $"Dir::State::Lists={lists}",
                "-o",
                $"Dir::Cache={work.FullName}",
                "-o",
                $"Dir::Cache::Archives={archives}",
                "-o",
                "Debug::NoLocking=true",
                "-o",
                "APT::Sandbox::User=",
                "-o",
                "APT::Update::Post-Invoke::=",
            ];
            var update = await ChildProcess
                .RunAsync(aptGet, [.. own, "update"], work.FullName, cancellationToken)
                .ConfigureAwait(false);
            if (update.ExitCode != 0)
                return new NginxSearch(
                    null,
                    $"nginx is not installed, and 'apt-get update' failed: {LastLine(update.Error)}"
                );
            progress("nginx: downloading the package");
            var download = await ChildProcess
                .RunAsync(aptGet, [.. own, "download", "nginx"], work.FullName, cancellationToken)
                .ConfigureAwait(false);
            if (download.ExitCode != 0 || work.GetFiles("nginx_*.deb") is not [var package, ..])
                return new NginxSearch(
                    null,
                    $"nginx is not installed, and 'apt-get download nginx' failed: {LastLine(download.Error)}"
                );

            var fresh = Path.Combine(work.FullName, "root");
            var unpack = await ChildProcess
                .RunAsync(dpkgDeb, ["-x", package.FullName, fresh], null, cancellationToken)
                .ConfigureAwait(false);
            if (unpack.ExitCode != 0 || !File.Exists(Path.Combine(fresh, "usr", "sbin", "nginx")))
                return new NginxSearch(
                    null,
                    $"nginx is not installed, and its package has no usr/sbin/nginx: {LastLine(unpack.Error)}"
                );
            // Two labs may do this at once: whoever comes second uses what the first one put there.
            if (!File.Exists(Unpacked))
                Directory.Move(fresh, Path.Combine(cacheDirectory, "nginx"));
            return new NginxSearch(FindWithoutDownload(), "");
        }
        catch (IOException) when (File.Exists(Unpacked))
        {
            return new NginxSearch(FindWithoutDownload(), "");
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    /// <summary>Why there is none where there is no package to take it from.</summary>
    internal const string NotHere =
        "nginx is not installed, and this is no Debian or Ubuntu to take its package from. Install nginx.";

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault()
        ?? "no message";
}

/// <summary>What became of a search.</summary>
/// <param name="Binary">The program, or null.</param>
/// <param name="Reason">Where it is from, or why there is none.</param>
public sealed record NginxSearch(NginxBinary? Binary, string Reason);
