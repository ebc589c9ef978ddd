using System.Runtime.Versioning;
using OcspLab.Keep.Files;
using OcspLab.Ocsp.Files;
using OcspLab.Testing;

namespace OcspLab.Keep.Tests;

/// <summary>Files that are there whole or not at all, and stay whose they were.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class WholeFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Mode_and_owner_are_kept_and_nothing_else_is_left_behind()
    {
        File.WriteAllText(_folder["staple.der"], "old");
        File.SetUnixFileMode(_folder["staple.der"], UnixFileMode.UserRead | UnixFileMode.GroupRead);
        var owner = Whose(_folder["staple.der"]);
        WholeFile.Write(_folder["staple.der"], "new"u8);
        Assert.Equal("new", File.ReadAllText(_folder["staple.der"]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead, File.GetUnixFileMode(_folder["staple.der"]));
        Assert.Equal(owner, Whose(_folder["staple.der"]));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task The_owner_that_somebody_gave_it_is_kept()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "root is needed");
        await File.WriteAllTextAsync(_folder["staple.der"], "old", TestContext.Current.CancellationToken);
        await Tool.RunAsync("chown", "1234:4321", _folder["staple.der"]);
        WholeFile.Write(_folder["staple.der"], "new"u8);
        Assert.Equal((1234u, 4321u), Whose(_folder["staple.der"])!.Value);
    }

    [Fact]
    public void A_new_file_is_readable_by_servers_of_other_users()
    {
        WholeFile.Write(_folder["sub/staple.der"], "new"u8);
        Assert.True(File.GetUnixFileMode(_folder["sub/staple.der"]).HasFlag(UnixFileMode.OtherRead));
    }

    [Fact]
    public void What_a_link_leads_to_is_replaced_and_not_the_link()
    {
        File.WriteAllText(_folder["real.der"], "old");
        File.CreateSymbolicLink(_folder["staple.der"], _folder["real.der"]);
        WholeFile.Write(_folder["staple.der"], "new"u8);
        Assert.NotNull(new FileInfo(_folder["staple.der"]).LinkTarget);
        Assert.Equal("new", File.ReadAllText(_folder["real.der"]));
    }

    [Fact]
    public void What_a_killed_process_left_is_removed_and_what_is_somebody_elses_is_not()
    {
        var left = _folder[$".staple.der.{Guid.NewGuid():N}"];
        File.WriteAllText(left, "half");
        File.WriteAllText(_folder[".staple.der.swp"], "an editor's");
        WholeFile.RemoveUnfinished([_folder["staple.der"], _folder["none/other.der"]]);
        Assert.False(File.Exists(left));
        Assert.True(File.Exists(_folder[".staple.der.swp"]));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_an_error_and_the_file_stays()
    {
        File.WriteAllText(_folder["file"], "in the way");
        Assert.ThrowsAny<IOException>(() => WholeFile.Write(_folder["file/staple.der"], "new"u8));
        Assert.Equal("in the way", File.ReadAllText(_folder["file"]));
    }

    public void Dispose() => _folder.Dispose();

    private static (uint User, uint Group)? Whose(string path) =>
        FileStat.Of(path) is { } stat ? (stat.User, stat.Group) : null;
}
