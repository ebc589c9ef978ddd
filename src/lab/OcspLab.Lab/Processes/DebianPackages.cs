namespace OcspLab.Lab.Processes;

/// <summary>Where programs come from on Debian and Ubuntu.</summary>
public static class DebianPackages
{
    private static readonly Dictionary<string, string> Packages = new(StringComparer.Ordinal)
    {
        ["apache2"] = "apache2-bin",
        ["certutil"] = "libnss3-tools",
        ["gnutls-cli"] = "gnutls-bin",
        ["javac"] = "openjdk-17-jdk-headless",
        ["unshare"] = "util-linux",
    };

    /// <summary>That a program is missing, and what brings it.</summary>
    public static string Missing(string program) => $"{program} is not installed ({Hint(program)})";

    /// <summary>What brings a program.</summary>
    public static string Hint(string program) => $"apt install {Packages.GetValueOrDefault(program, program)}";
}
