using System.Formats.Asn1;

namespace OcspLab.Testing.Forge;

/// <summary>
/// A DER value taken apart, so that a test can change it and put it together again, rightly or wrongly.
/// </summary>
public sealed class DerNode
{
    private byte[] _content = [];

    private DerNode() { }

    /// <summary>The identifier octets.</summary>
    public required byte[] Tag { get; set; }

    /// <summary>
    /// The values inside, for constructed values and for OCTET STRINGs that hold exactly one value; else null.
    /// </summary>
    public List<DerNode>? Children { get; private set; }

    public LengthForm Length { get; set; }

    /// <summary>
    /// The content octets of a value without <see cref="Children"/>. Setting them drops the children.
    /// </summary>
    public byte[] Content
    {
        get => _content;
        set
        {
            _content = value;
            Children = null;
        }
    }

    public DerNode this[params int[] path] => path.Aggregate(this, (node, index) => node.Children![index]);

    public static DerNode Parse(ReadOnlyMemory<byte> encoded) =>
        TryParse(encoded) ?? throw new ArgumentException("not one DER value", nameof(encoded));

    /// <summary>Any value, from its tag and content.</summary>
    public static DerNode Primitive(byte tag, params byte[] content) => new() { Tag = [tag], Content = content };

    /// <summary>A tag, the right length and whatever stands inside.</summary>
    public static byte[] Wrap(byte tag, params byte[][] contents)
    {
        var content = contents.SelectMany(bytes => bytes).ToArray();
        return [tag, .. Shortest(content.Length), .. content];
    }

    public byte[] Encode()
    {
        var content = Children is null ? _content : Children.SelectMany(child => child.Encode()).ToArray();
        return Length switch
        {
            LengthForm.Indefinite => [.. Tag, 0x80, .. content, 0, 0],
            LengthForm.Overlong =>
            [
                .. Tag,
                0x84,
                (byte)(content.Length >> 24),
                (byte)(content.Length >> 16),
                (byte)(content.Length >> 8),
                (byte)content.Length,
                .. content,
            ],
            _ => [.. Tag, .. Shortest(content.Length), .. content],
        };
    }

    /// <summary>This value and all inside it, outermost first.</summary>
    public IEnumerable<DerNode> Walk() =>
        Children is null ? [this] : Children.SelectMany(child => child.Walk()).Prepend(this);

    /// <summary>A value of its own with the same bytes.</summary>
    public DerNode Copy() =>
        new()
        {
            Tag = [.. Tag],
            Content = [.. _content],
            Children = Children?.ConvertAll(child => child.Copy()),
            Length = Length,
        };

    /// <summary>Adds a value at the end of the content.</summary>
    public void Append(DerNode child) => Children!.Add(child);

    /// <summary>Splits the content of a string into two pieces, as BER allows and DER does not.</summary>
    public void SplitInPieces()
    {
        var content = Children is null ? _content : Children.SelectMany(child => child.Encode()).ToArray();
        Children =
        [
            Primitive(Tag[0], content[..(content.Length / 2)]),
            Primitive(Tag[0], content[(content.Length / 2)..]),
        ];
        Tag = [(byte)(Tag[0] | Constructed)];
    }

    private static DerNode? TryParse(ReadOnlyMemory<byte> encoded)
    {
        try
        {
            if (encoded.IsEmpty)
                return null;
            AsnDecoder.ReadEncodedValue(
                encoded.Span,
                AsnEncodingRules.DER,
                out var offset,
                out var length,
                out var consumed
            );
            if (consumed != encoded.Length)
                return null;
            var tagLength = Asn1Tag.TryDecode(encoded.Span, out var tag, out var octets) ? octets : 0;
            var node = new DerNode
            {
                Tag = encoded[..tagLength].ToArray(),
                Content = encoded.Slice(offset, length).ToArray(),
            };
            if (tag.IsConstructed)
                node.Children = ParseAll(encoded.Slice(offset, length));
            else if (tag == Asn1Tag.PrimitiveOctetString && TryParse(encoded.Slice(offset, length)) is { } inner)
                node.Children = [inner];
            return node;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    private static List<DerNode>? ParseAll(ReadOnlyMemory<byte> content)
    {
        var nodes = new List<DerNode>();
        while (!content.IsEmpty)
        {
            AsnDecoder.ReadEncodedValue(content.Span, AsnEncodingRules.DER, out _, out _, out var consumed);
            if (TryParse(content[..consumed]) is not { } node)
                return null;
            nodes.Add(node);
            content = content[consumed..];
        }

        return nodes;
    }

    private static byte[] Shortest(int length) =>
        length switch
        {
            < 0x80 => [(byte)length],
            < 0x100 => [0x81, (byte)length],
            < 0x10000 => [0x82, (byte)(length >> 8), (byte)length],
            _ => [0x83, (byte)(length >> 16), (byte)(length >> 8), (byte)length],
        };

    private const byte Constructed = 0x20;
}

public enum LengthForm
{
    /// <summary>As DER wants it.</summary>
    Shortest,

    /// <summary>Four octets, however small the number.</summary>
    Overlong,

    /// <summary>Unknown beforehand, ended by two zero octets.</summary>
    Indefinite,
}
