using System.Net;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;

namespace OcspLab.Responder.Tests;

/// <summary>A request is read up to the limit and not one octet further, however it comes.</summary>
public sealed class RequestSizeTests : IAsyncLifetime
{
    private const int Limit = 300;
    private readonly ResponderBench _bench = new() { Settings = { ["MaximumRequestSize"] = $"{Limit}" } };

    public async ValueTask InitializeAsync() => await _bench.StartAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory, Trait("Rule", "R4")]
    [InlineData(Limit, HttpStatusCode.OK)]
    [InlineData(Limit + 1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_body_whose_length_is_told(int length, HttpStatusCode expected)
    {
        using var response = await _bench.PostAsync(new byte[length]);
        await MalformedAsync(expected, response);
    }

    [Theory, Trait("Rule", "R4")]
    [InlineData(Limit, HttpStatusCode.OK)]
    [InlineData(Limit + 1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_body_in_chunks(int length, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _bench.Url)
        {
            Content = new ByteArrayContent(new byte[length]),
        };
        request.Headers.TransferEncodingChunked = true;
        using var response = await _bench.Http.SendAsync(request, TestContext.Current.CancellationToken);
        await MalformedAsync(expected, response);
    }

    [Theory, Trait("Rule", "R4")]
    [InlineData(Limit, HttpStatusCode.OK)]
    [InlineData(Limit + 1, HttpStatusCode.RequestUriTooLong)]
    [InlineData(Limit * 3, HttpStatusCode.RequestUriTooLong)]
    public async Task A_target(int length, HttpStatusCode expected)
    {
        var target = Uri.EscapeDataString(Convert.ToBase64String(new byte[length]));
        using var response = await _bench.Http.GetAsync(
            new Uri(_bench.Url, target),
            TestContext.Current.CancellationToken
        );
        await MalformedAsync(expected, response);
    }

    [Fact]
    public async Task A_long_request_is_read_whole_by_get_as_by_post()
    {
        await using var bench = new ResponderBench();
        await bench.StartAsync();
        var request = bench.QuestionAbout([.. Enumerable.Range(1, 16)]);
        Assert.Equal(16, (await bench.AskAsync(request)).Basic!.Responses.Count);
        var answer = await bench.Http.GetByteArrayAsync(
            new Uri(bench.Url, Uri.EscapeDataString(Convert.ToBase64String(request.Encode()))),
            TestContext.Current.CancellationToken
        );
        Assert.True(OcspResponse.TryDecode(answer, out var response, out _));
        Assert.Equal(16, response.Basic!.Responses.Count);
    }

    [Fact]
    public async Task Without_a_request_it_says_what_it_is()
    {
        Assert.StartsWith(
            "An OCSP responder",
            await _bench.Http.GetStringAsync(_bench.Url, TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Another_method_is_told_which_there_are()
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, _bench.Url);
        using var response = await _bench.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(["GET", "HEAD", "POST"], response.Content.Headers.Allow);
    }

    private static async Task MalformedAsync(HttpStatusCode expected, HttpResponseMessage response)
    {
        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(
            OcspResponseBuilder.BuildError(OcspResponseStatus.MalformedRequest),
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)
        );
    }
}
