using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace OcspLab.Lab.Browsers;

/// <summary>
/// Firefox's remote protocol: frames of <c>LENGTH:JSON</c>, commands as <c>[0, id, name, parameters]</c>.
/// </summary>
internal sealed class Marionette(NetworkStream stream)
{
    private int _commands;

    public async Task GreetAsync(CancellationToken cancellationToken) =>
        await ReadAsync(cancellationToken).ConfigureAwait(false);

    public async Task<JsonElement> CommandAsync(string name, object parameters, CancellationToken cancellationToken)
    {
        var message = JsonSerializer.SerializeToUtf8Bytes(new object[] { 0, ++_commands, name, parameters });
        await stream
            .WriteAsync(
                (byte[])
                    [
                        .. Encoding.ASCII.GetBytes(message.Length.ToString(CultureInfo.InvariantCulture) + ":"),
                        .. message,
                    ],
                cancellationToken
            )
            .ConfigureAwait(false);
        var answer = JsonDocument.Parse(await ReadAsync(cancellationToken).ConfigureAwait(false)).RootElement;
        var error = answer[2];
        return error.ValueKind == JsonValueKind.Null
            ? answer[3]
            : throw new MarionetteException(error.GetProperty("message").GetString() ?? name);
    }

    private async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        var octet = new byte[1];
        while (true)
        {
            await stream.ReadExactlyAsync(octet, cancellationToken).ConfigureAwait(false);
            if (octet[0] == ':')
                break;
            length = (length * 10) + octet[0] - '0';
        }

        var message = new byte[length];
        await stream.ReadExactlyAsync(message, cancellationToken).ConfigureAwait(false);
        return message;
    }
}

/// <summary>Firefox refuses a command.</summary>
internal sealed class MarionetteException(string message) : Exception(message);
