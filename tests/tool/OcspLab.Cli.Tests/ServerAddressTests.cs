using OcspLab.Cli.CommandLine;

namespace OcspLab.Cli.Tests;

public sealed class ServerAddressTests
{
    [Theory]
    [InlineData("example.com", "example.com", 443)]
    [InlineData("example.com:8443", "example.com", 8443)]
    [InlineData("https://example.com", "example.com", 443)]
    [InlineData("https://example.com:8443/shop?x=1", "example.com", 8443)]
    [InlineData("127.0.0.1:9443", "127.0.0.1", 9443)]
    [InlineData("[::1]:9443", "::1", 9443)]
    [InlineData("::1", "::1", 443)]
    [InlineData("[::1]", "::1", 443)]
    public void A_server_is_named_as_people_do(string text, string host, int port)
    {
        Assert.True(ServerAddress.TryParse(text, out var address));
        Assert.Equal(new ServerAddress(host, port), address);
    }

    [Theory]
    [InlineData("--bogus")]
    [InlineData("-x:443")]
    [InlineData("example.com:0")]
    [InlineData("example.com:65536")]
    [InlineData("example.com:https")]
    [InlineData("http://example.com")]
    [InlineData(":443")]
    [InlineData("")]
    [InlineData("two words:443")]
    public void What_is_none_is_refused(string text) => Assert.False(ServerAddress.TryParse(text, out _));

    [Fact]
    public void An_address_is_no_name_to_ask_for()
    {
        Assert.Null(new ServerAddress("127.0.0.1", 443).ServerName);
        Assert.Equal("example.com", new ServerAddress("example.com", 443).ServerName);
    }
}
