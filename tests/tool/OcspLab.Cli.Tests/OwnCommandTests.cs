using OcspLab.Cli.CommandLine;
using OcspLab.Testing;

namespace OcspLab.Cli.Tests;

public sealed class OwnCommandTests
{
    [Fact]
    public void Out_of_a_repository_it_is_the_wrapper()
    {
        var program = Path.Combine(Repository.Root, "src/tool/OcspLab.Cli/bin");
        Assert.Equal("./ocsplab", OwnCommand.Find(program, Repository.Root));
        Assert.Equal(
            OwnCommand.Quote(Path.Combine(Repository.Root, "ocsplab")),
            OwnCommand.Find(program, Path.Combine(Repository.Root, "docs"))
        );
    }

    [Fact]
    public void Installed_it_is_its_name()
    {
        using var folder = new TempFolder();
        Assert.Equal("ocsplab", OwnCommand.Find(folder.Path, folder.Path));
    }

    [Theory]
    [InlineData("/srv/lab", "/srv/lab")]
    [InlineData("/srv/my lab", "'/srv/my lab'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("$HOME", "'$HOME'")]
    [InlineData("", "''")]
    public void Words_are_quoted_where_a_shell_would_not_leave_them_alone(string word, string quoted) =>
        Assert.Equal(quoted, OwnCommand.Quote(word));
}
