using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;

namespace OcspLab.Dns;

/// <summary>What the lab's name server knows: a pure function from question to answer.</summary>
internal sealed class DnsZones
{
    private readonly string[] _zones;
    private readonly FrozenSet<string> _names;
    private readonly IPAddress? _answer;
    private readonly TimeSpan _timeToLive;

    /// <exception cref="FormatException">The fixed answer is not an address.</exception>
    public DnsZones(DnsOptions options)
    {
        _zones = Split(options.Zones);
        _names = Split(options.Names).Concat(_zones.Select(DnsAnswer.ServerOf)).ToFrozenSet();
        _answer = options.Answer is null ? null : IPAddress.Parse(options.Answer);
        _timeToLive = options.TimeToLive;
    }

    /// <summary>The response to a message, or null for what must not be answered at all.</summary>
    /// <param name="message">The message as received.</param>
    /// <param name="arrivedOn">The local address that it was sent to.</param>
    /// <param name="log">One line on question and answer.</param>
    public byte[]? Answer(ReadOnlyMemory<byte> message, IPAddress arrivedOn, out string log)
    {
        if (!DnsQuestion.TryRead(message, out var question, out var id))
        {
            log = $"{message.Length} octets that are no query";
            return id is { } known ? DnsAnswer.FormatError(known) : null;
        }

        var zone = Array.Find(_zones, zone =>
            question.Name == zone || question.Name.EndsWith("." + zone, StringComparison.Ordinal)
        );
        var code = question switch
        {
            { OperationCode: not 0 } => DnsCode.NotImplemented,
            { Class: not InternetClass } => DnsCode.Refused,
            _ when zone is null => DnsCode.Refused,
            _ when _names.Contains(question.Name) || question.Name == zone => DnsCode.NoError,
            _ => DnsCode.NameError,
        };
        var address =
            code == DnsCode.NoError && _names.Contains(question.Name)
                ? AddressFor(question.Type, _answer ?? arrivedOn)
                : null;
        var record = address?.GetAddressBytes() ?? (question.Name == zone ? ApexRecord(question.Type, zone) : null);
        log = $"{question.Name} {question.Type} → {(address is null ? code.ToString() : address.ToString())}";
        var authority = code is DnsCode.NoError or DnsCode.NameError ? zone : null;
        return DnsAnswer.Encode(question, code, record, authority, _timeToLive);
    }

    // What every zone has at its top (RFC 1034 §4.2.1).
    private byte[]? ApexRecord(DnsType type, string zone) =>
        type switch
        {
            DnsType.Ns => DnsAnswer.NameServer(zone),
            DnsType.Soa => DnsAnswer.StartOfAuthority(zone, _timeToLive),
            _ => null,
        };

    // A name has one address; a question for the other family is answered with "no such record".
    private static IPAddress? AddressFor(DnsType type, IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return
            (type, address.AddressFamily)
                is
                    (DnsType.A, AddressFamily.InterNetwork)
                    or
                    (DnsType.Aaaa, AddressFamily.InterNetworkV6)
            ? address
            : null;
    }

    private static string[] Split(string list) =>
        [
            .. list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(name => name.TrimEnd('.').ToLowerInvariant()),
        ];

    private const ushort InternetClass = 1;
}
