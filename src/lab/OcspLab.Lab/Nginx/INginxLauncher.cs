namespace OcspLab.Lab.Nginx;

/// <summary>A way to run nginx over the lab's configuration.</summary>
public interface INginxLauncher
{
    /// <summary>Where this nginx comes from, for people.</summary>
    string Origin { get; }

    /// <summary>The command line that runs nginx in the foreground, ready to be pasted.</summary>
    /// <param name="arguments">More for nginx itself, such as <c>-t</c>.</param>
    IReadOnlyList<string> Command(params string[] arguments);

    /// <summary>
    /// A command of the shell that has the running nginx read its files again; where none runs, it does nothing.
    /// </summary>
    string ReloadCommand { get; }

    /// <summary>Writes the configuration, with the paths and addresses as this nginx sees them.</summary>
    /// <exception cref="LabException">It cannot be said in nginx's language, or on the command line.</exception>
    void WriteConfiguration();

    /// <summary>Removes what outlives the command.</summary>
    Task RemoveAsync();
}
