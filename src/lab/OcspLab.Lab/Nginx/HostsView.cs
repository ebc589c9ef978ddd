using System.ComponentModel;
using OcspLab.Lab.Processes;

namespace OcspLab.Lab.Nginx;

/// <summary>
/// Gives one process its own /etc/hosts. nginx resolves the responder's name with the system's resolver when it reads
/// its configuration, and leaves stapling off when that fails; nobody should have to edit the machine's file for that.
/// </summary>
public enum HostsView
{
    /// <summary>A mount namespace, made as root.</summary>
    MountNamespace,

    /// <summary>A mount namespace within a user namespace, made as anybody; nginx keeps its user id.</summary>
    UserNamespace,

    /// <summary>
    /// Neither is allowed here: nginx is told the responder's address with <c>ssl_stapling_responder</c>.
    /// </summary>
    None,
}

/// <summary>Finds and applies the view.</summary>
public static class HostsViews
{
    /// <summary>The best view that works here, tried out.</summary>
    public static async Task<HostsView> DetectAsync(CancellationToken cancellationToken)
    {
        foreach (var view in (HostsView[])[HostsView.MountNamespace, HostsView.UserNamespace])
        {
            if (await WorksAsync(view, cancellationToken).ConfigureAwait(false))
                return view;
        }

        return HostsView.None;
    }

    /// <summary>
    /// The command line that runs <paramref name="command"/> with <paramref name="hostsFile"/> as its /etc/hosts. The
    /// process id stays the same throughout.
    /// </summary>
    public static IReadOnlyList<string> Wrap(this HostsView view, string hostsFile, IEnumerable<string> command) =>
        view switch
        {
            HostsView.MountNamespace =>
            [
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                "mount --bind \"$0\" /etc/hosts && exec \"$@\"",
                hostsFile,
                .. command,
            ],
            // Root inside the first namespace only to mount; the second one gives the user id back, so that nginx does
            // not try to change it.
            HostsView.UserNamespace =>
            [
                "unshare",
                "--map-root-user",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                "mount --bind \"$0\" /etc/hosts && exec unshare --user --map-user=1000 --map-group=1000 \"$@\"",
                hostsFile,
                .. command,
            ],
            _ => [.. command],
        };

    private static async Task<bool> WorksAsync(HostsView view, CancellationToken cancellationToken)
    {
        var probe = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(probe, "ocsplab\n", cancellationToken).ConfigureAwait(false);
            var command = view.Wrap(probe, ["cat", "/etc/hosts"]);
            var result = await ChildProcess
                .RunAsync(command[0], command.Skip(1), null, cancellationToken)
                .ConfigureAwait(false);
            return result.ExitCode == 0 && result.Output == "ocsplab\n";
        }
        catch (Win32Exception)
        {
            return false;
        }
        finally
        {
            File.Delete(probe);
        }
    }
}
