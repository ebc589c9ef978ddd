using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace OcspLab.Stapling.Kestrel.Endpoints;

/// <summary>
/// Finds the server name in a TLS ClientHello (RFC 8446 §4.1.2, RFC 6066 §3). Bounded by the bytes that Kestrel has
/// buffered; never throws.
/// </summary>
internal static class ClientHello
{
    /// <summary>
    /// The server name; empty when the client sent none; null when the bytes are not a ClientHello in one record.
    /// </summary>
    public static string? ReadServerName(ReadOnlySequence<byte> bytes)
    {
        ReadOnlySpan<byte> rest = bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray();

        // TLSPlaintext: type, version, length; Handshake: msg_type, length (24 bits).
        if (
            !TryTake(ref rest, 5, out var record)
            || record[0] != HandshakeRecord
            || !TryTake(ref rest, 4, out var handshake)
            || handshake[0] != ClientHelloMessage
        )
            return null;

        // ClientHello: version, random, legacy_session_id<0..32>, cipher_suites<2..2^16-2>,
        // legacy_compression_methods<1..2^8-1>, extensions<8..2^16-1>
        if (
            !TryTake(ref rest, 34, out _)
            || !TryTakeVector(ref rest, 1, out _)
            || !TryTakeVector(ref rest, 2, out _)
            || !TryTakeVector(ref rest, 1, out _)
        )
            return null;
        if (rest.IsEmpty)
            return "";
        if (!TryTakeVector(ref rest, 2, out var extensions))
            return null;
        while (TryTake(ref extensions, 2, out var type) && TryTakeVector(ref extensions, 2, out var data))
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(type) == ServerNameExtension)
                return ReadHostName(data);
        }

        return extensions.IsEmpty ? "" : null;
    }

    // ServerNameList: entries of name_type (0 is host_name) and name<1..2^16-1>
    private static string? ReadHostName(ReadOnlySpan<byte> data)
    {
        if (!TryTakeVector(ref data, 2, out var list))
            return null;
        while (TryTake(ref list, 1, out var kind) && TryTakeVector(ref list, 2, out var name))
        {
            if (kind[0] == 0)
                return Ascii.IsValid(name) ? Decode(Encoding.ASCII.GetString(name)) : null;
        }

        return null;
    }

    // As SslStream gives it to a selector: an international name in Unicode (RFC 5891), if it is one.
    private static string Decode(string name)
    {
        try
        {
            return new IdnMapping().GetUnicode(name);
        }
        catch (ArgumentException)
        {
            return name;
        }
    }

    private static bool TryTakeVector(ref ReadOnlySpan<byte> bytes, int prefix, out ReadOnlySpan<byte> vector)
    {
        vector = default;
        return TryTake(ref bytes, prefix, out var length)
            && TryTake(ref bytes, prefix == 1 ? length[0] : BinaryPrimitives.ReadUInt16BigEndian(length), out vector);
    }

    private static bool TryTake(ref ReadOnlySpan<byte> bytes, int count, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (bytes.Length < count)
            return false;
        taken = bytes[..count];
        bytes = bytes[count..];
        return true;
    }

    private const byte HandshakeRecord = 22;
    private const byte ClientHelloMessage = 1;
    private const ushort ServerNameExtension = 0;
}
