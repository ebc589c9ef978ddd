using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OcspLab.Keep.Settings;

namespace OcspLab.Keep.Tests;

/// <summary>Settings that cannot be meant are refused with their key.</summary>
public sealed class OptionsTests
{
    [Theory]
    [InlineData("Keep:Certificates: there is none")]
    [InlineData("Keep:Certificates:a:Certificate: is missing", "Certificates:a:StapleFile=/a.der")]
    [InlineData("nobody gets its staple", "Certificates:a:Certificate=/a.pem")]
    [InlineData("names StapleFile", "Certificates:a:Certificate=/a.pem", "Certificates:a:NginxInclude=/a.conf")]
    [InlineData(
        "/a.der is written for several",
        "Certificates:a:Certificate=/a.pem",
        "Certificates:a:StapleFile=/a.der",
        "Certificates:b:Certificate=/b.pem",
        "Certificates:b:StapleFile=/x/../a.der"
    )]
    [InlineData("Keep:Serve: '0.0.0.0' is not", "Certificates:a:Certificate=/a.pem", "Serve=0.0.0.0")]
    [InlineData(
        "Keep:ReloadInterval",
        "Certificates:a:Certificate=/a.pem",
        "Serve=[::1]:80",
        "ReloadInterval=00:00:00"
    )]
    public void They_are_named(string failure, params string[] settings)
    {
        var exception = Assert.Throws<OptionsValidationException>(() => Bind(settings));
        Assert.Contains(failure, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_can_be_meant_is_taken()
    {
        var options = Bind(["Certificates:a:Certificate=/a.pem", "Serve=localhost:8890"]);
        Assert.Equal("/a.pem", options.Certificates["a"].Certificate);
        Assert.Equal(TimeSpan.FromSeconds(10), options.ReloadInterval);
    }

    private static KeepOptions Bind(string[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                settings.ToDictionary(
                    setting => $"Keep:{setting.Split('=')[0]}",
                    setting => (string?)setting.Split('=', 2)[1]
                )
            )
            .Build();
        var services = new ServiceCollection();
        services.AddOcspKeep(configuration);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<KeepOptions>>().Value;
    }
}
