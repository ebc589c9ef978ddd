using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace OcspLab.Dns;

/// <summary>The question of a query (RFC 1035 §4.1.2), with what must be copied into the answer.</summary>
/// <param name="Id">The message's identifier.</param>
/// <param name="Flags">The header's second word.</param>
/// <param name="Name">The name in lower case, without the final dot.</param>
/// <param name="Type">QTYPE.</param>
/// <param name="Class">QCLASS.</param>
/// <param name="Encoded">The question section as it was sent, its spelling included.</param>
internal sealed record DnsQuestion(
    ushort Id,
    ushort Flags,
    string Name,
    DnsType Type,
    ushort Class,
    ReadOnlyMemory<byte> Encoded
)
{
    public bool RecursionDesired => (Flags & 0x0100) != 0;

    public int OperationCode => (Flags >> 11) & 0xf;

    /// <summary>Reads a query with exactly one question; whatever follows it (EDNS) is not looked at.</summary>
    /// <returns>
    /// False for what is not such a query. <paramref name="id"/> is set when there is a header to answer to.
    /// </returns>
    public static bool TryRead(
        ReadOnlyMemory<byte> message,
        [NotNullWhen(true)] out DnsQuestion? question,
        out ushort? id
    )
    {
        question = null;
        id = null;
        var bytes = message.Span;
        if (bytes.Length < HeaderLength)
            return false;
        var flags = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        if ((flags & ResponseFlag) != 0)
            return false; // A response: answering it could start a loop between two servers.
        id = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]) != 1)
            return false;

        var name = new StringBuilder();
        var at = HeaderLength;
        while (true)
        {
            if (at >= bytes.Length)
                return false;
            var length = bytes[at++];
            if (length == 0)
                break;
            // 63 is the longest label; the bits above it would be a pointer, which the first name of a message cannot
            // have.
            if (length > 63 || at + length > bytes.Length || name.Length + length > 253)
                return false;
            if (name.Length > 0)
                name.Append('.');
            foreach (var octet in bytes.Slice(at, length))
                name.Append(octet is > 0x20 and < 0x7f and not (byte)'.' ? char.ToLowerInvariant((char)octet) : '?');
            at += length;
        }

        if (at + 4 > bytes.Length)
            return false;
        var type = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
        var @class = BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]);
        question = new DnsQuestion(id.Value, flags, name.ToString(), type, @class, message[HeaderLength..(at + 4)]);
        return true;
    }

    public const int HeaderLength = 12;
    public const ushort ResponseFlag = 0x8000;
}

/// <summary>The types that the lab's zone knows (RFC 1035 §3.2.2, RFC 3596).</summary>
internal enum DnsType : ushort
{
    A = 1,
    Ns = 2,
    Soa = 6,
    Aaaa = 28,
    Any = 255,
}
