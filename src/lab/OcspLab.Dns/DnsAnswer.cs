using System.Buffers.Binary;
using System.Text;

namespace OcspLab.Dns;

/// <summary>Response codes (RFC 1035 §4.1.1).</summary>
internal enum DnsCode
{
    NoError = 0,
    FormatError = 1,
    NameError = 3,
    NotImplemented = 4,
    Refused = 5,
}

/// <summary>
/// Encodes answers. None is longer than the 512 octets that every resolver takes over UDP, so none is ever truncated.
/// </summary>
internal static class DnsAnswer
{
    /// <summary>A header alone, for a query whose question could not be read.</summary>
    public static byte[] FormatError(ushort id)
    {
        var message = new byte[DnsQuestion.HeaderLength];
        BinaryPrimitives.WriteUInt16BigEndian(message, id);
        BinaryPrimitives.WriteUInt16BigEndian(
            message.AsSpan(2),
            (ushort)(DnsQuestion.ResponseFlag | (int)DnsCode.FormatError)
        );
        return message;
    }

    /// <summary>
    /// The question again, with a record, or with the zone's SOA where there is none (RFC 2308), or with neither.
    /// </summary>
    /// <param name="question">What was asked.</param>
    /// <param name="code">How it went.</param>
    /// <param name="record">The data of the record that was asked for, or null.</param>
    /// <param name="zone">The zone that the name is in, or null.</param>
    /// <param name="timeToLive">How long it may be remembered.</param>
    public static byte[] Encode(DnsQuestion question, DnsCode code, byte[]? record, string? zone, TimeSpan timeToLive)
    {
        var message = new MemoryStream(512);
        var authoritative = code is DnsCode.NoError or DnsCode.NameError;
        var flags =
            DnsQuestion.ResponseFlag | (question.Flags & 0x7900) | (authoritative ? AuthoritativeFlag : 0) | (int)code;
        Write16(message, question.Id);
        Write16(message, flags);
        Write16(message, 1);
        Write16(message, record is null ? 0 : 1);
        Write16(message, zone is not null && record is null ? 1 : 0);
        Write16(message, 0);
        message.Write(question.Encoded.Span);

        if (record is not null)
        {
            Write16(message, QuestionName);
            WriteRecord(message, (ushort)question.Type, timeToLive, record);
        }
        else if (zone is not null)
        {
            WriteName(message, zone);
            WriteRecord(message, (ushort)DnsType.Soa, timeToLive, StartOfAuthority(zone, timeToLive));
        }

        return message.ToArray();
    }

    private static void WriteRecord(MemoryStream message, ushort type, TimeSpan timeToLive, byte[] data)
    {
        Write16(message, type);
        Write16(message, InternetClass);
        Write32(message, (uint)timeToLive.TotalSeconds);
        Write16(message, data.Length);
        message.Write(data);
    }

    /// <summary>The name of a zone's only name server.</summary>
    public static string ServerOf(string zone) => $"ns.{zone}";

    /// <summary>NSDNAME (RFC 1035 §3.3.11).</summary>
    public static byte[] NameServer(string zone)
    {
        var data = new MemoryStream();
        WriteName(data, ServerOf(zone));
        return data.ToArray();
    }

    /// <summary>MNAME, RNAME, SERIAL, REFRESH, RETRY, EXPIRE, MINIMUM (RFC 1035 §3.3.13).</summary>
    public static byte[] StartOfAuthority(string zone, TimeSpan minimum)
    {
        var data = new MemoryStream();
        WriteName(data, ServerOf(zone));
        WriteName(data, $"hostmaster.{zone}");
        foreach (var number in (ReadOnlySpan<uint>)[1, 3600, 600, 86400, (uint)minimum.TotalSeconds])
            Write32(data, number);
        return data.ToArray();
    }

    private static void WriteName(MemoryStream message, string name)
    {
        foreach (var label in name.Split('.'))
        {
            message.WriteByte((byte)label.Length);
            message.Write(Encoding.ASCII.GetBytes(label));
        }

        message.WriteByte(0);
    }

    private static void Write16(MemoryStream message, int value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        message.Write(bytes);
    }

    private static void Write32(MemoryStream message, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        message.Write(bytes);
    }

    private const int AuthoritativeFlag = 0x0400;
    private const ushort InternetClass = 1;
    private const int QuestionName = 0xc000 | DnsQuestion.HeaderLength;
}
