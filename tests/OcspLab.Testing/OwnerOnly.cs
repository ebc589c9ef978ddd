using Xunit;

namespace OcspLab.Testing;

/// <summary>Secrets have mode 0600.</summary>
public static class OwnerOnly
{
    public static void Check(string file)
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Windows has no file modes");
        else
            Assert.True(File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite), file);
    }
}
