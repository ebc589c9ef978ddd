using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OcspLab.Lab.Hosting;
using OcspLab.Lab.Topology;
using OcspLab.LabConsole;

namespace OcspLab.Cli.Commands;

/// <summary>The lab's console, within the lab's process.</summary>
internal sealed class ConsolePage : ILabPage
{
    /// <summary>The address that lets a browser in, once the page was made.</summary>
    public Uri? Address { get; private set; }

    public IHost Create(LabTopology topology, Action<ILoggingBuilder> configureLog) =>
        ConsoleService.Create(
            [
                $"--Console:Lab={topology.Directory}",
                string.Create(CultureInfo.InvariantCulture, $"--Console:Port={topology.Ports.Console}"),
            ],
            builder => configureLog(builder.Logging)
        );

    public Uri AddressOf(IHost page) => Address = ConsoleService.AddressOf(page.Services);

    /// <summary>
    /// Opens the page in the browser of whoever sits here: by a file that only they may read, because everybody on a
    /// machine may read command lines.
    /// </summary>
    /// <param name="directory">The lab's folder.</param>
    /// <returns>Why it could not be, or null.</returns>
    public string? Open(string directory)
    {
        var file = Path.Combine(directory, "console.html");
        try
        {
            File.Delete(file);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var writer = new StreamWriter(file, options))
                writer.Write($"<!doctype html><meta http-equiv=\"refresh\" content=\"0; url={Address}\">\n");
            using var browser = Process.Start(new ProcessStartInfo(file) { UseShellExecute = true });
            return null;
        }
        catch (Exception exception)
            when (exception is Win32Exception or InvalidOperationException or IOException or UnauthorizedAccessException
            )
        {
            return $"no browser could be opened ({exception.Message}): open the address yourself";
        }
    }
}
